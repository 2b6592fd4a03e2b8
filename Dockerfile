# One image, one process, three add-ons. Built without network beyond crates.io; runs without shell, root or anything to write but /data.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build

# Dependencies first, against empty sources: built again only when a manifest or the lock file changes.
COPY Cargo.toml Cargo.lock ./
COPY actors/Cargo.toml actors/
RUN mkdir -p src actors/src \
    && echo 'fn main() {}' >src/main.rs \
    && touch src/lib.rs actors/src/lib.rs \
    && sed -n 's/^path = "\(tests\/.*\.rs\)"$/\1/p' Cargo.toml | while read -r target; do mkdir -p "${target%/*}" && touch "$target"; done \
    && cargo build --release --locked \
    && rm -rf src actors/src tests

COPY actors actors
COPY src src
COPY manifests manifests
COPY migrations migrations
# The targets that Cargo.toml names must be there; the tests themselves are not part of the image. Copied files may be older than what
# was built from the empty ones, so the roots are touched.
RUN sed -n 's/^path = "\(tests\/.*\.rs\)"$/\1/p' Cargo.toml | while read -r target; do mkdir -p "${target%/*}" && touch "$target"; done \
    && touch src/main.rs src/lib.rs actors/src/lib.rs \
    && cargo build --release --locked

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="clockify-addons" \
      org.opencontainers.image.description="Three Clockify marketplace add-ons in one process; every installed workspace is a supervised actor" \
      org.opencontainers.image.licenses="MIT"

# Root certificates are compiled in; the runtime image needs no further package.
RUN groupadd --system --gid 10001 clockify \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin clockify \
    && install -d -m 0700 -o clockify -g clockify /data
COPY --from=build /build/target/release/clockify-addons /usr/local/bin/clockify-addons

ENV HOST=0.0.0.0 \
    DATABASE_URL=sqlite:///data/clockify-addons.db \
    LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 8001 8002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["clockify-addons", "healthcheck"]
ENTRYPOINT ["clockify-addons"]
CMD ["serve"]
