//! The image is built by the command that is checked, from files that exist, and runs as the documents say.

use super::report::{Breach, expect_none};
use super::tree;

const DOCKERFILE: &str = "Dockerfile";
/// The one way to a release binary.
const BUILD: &str = "cargo build --release --locked";

/// Instructions with their line, continuations joined.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#') && !line.trim().is_empty()) {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match found.last_mut() {
            Some((_, instruction)) if open => instruction.push_str(part),
            _ => found.push((index + 1, part.to_owned())),
        }
        open = goes_on;
    }
    found
}

/// What is copied from the project, not from another stage.
fn copied(text: &str) -> Vec<(usize, String)> {
    let copies = instructions(text).into_iter().filter_map(|(line, instruction)| {
        let operands = instruction.strip_prefix("COPY ").filter(|operands| !operands.contains("--from="))?.to_owned();
        let mut sources: Vec<String> = operands.split_whitespace().map(str::to_owned).collect();
        sources.pop();
        Some(sources.into_iter().map(move |source| (line, source)))
    });
    copies.flatten().collect()
}

fn check_copies(text: &str, ignored: &str, exists: impl Fn(&str) -> bool) -> Vec<Breach> {
    let let_in: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut breaches = Vec::new();
    for (line, source) in copied(text) {
        let top = source.split('/').next().unwrap_or(&source);
        if !exists(&source) {
            breaches.push(Breach::new(DOCKERFILE, line, format!("copies {source}, which is not there")));
        }
        if !let_in.contains(&top) {
            breaches.push(Breach::new(DOCKERFILE, line, format!("copies {source}, which .dockerignore keeps out")));
        }
    }
    breaches
}

/// What the sources take in at build time must be in the image's build stage.
fn check_embedded(text: &str, path: &str, code: &str) -> Vec<Breach> {
    let tops: Vec<String> = copied(text).into_iter().map(|(_, source)| source).collect();
    let mut breaches = Vec::new();
    for call in ["include_str!(\"", "include_bytes!(\"", "migrate!(\"", "concat!(env!(\"CARGO_MANIFEST_DIR\"), \""] {
        for (at, _) in code.match_indices(call) {
            let Some(named) = code[at + call.len()..].split('"').next() else { continue };
            let line = code[..at].matches('\n').count() + 1;
            let of_package = call.starts_with("migrate") || call.starts_with("concat");
            let base = if of_package { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
            let resolved = resolve(base, named);
            let top = resolved.split('/').next().unwrap_or_default().to_owned();
            if !tops.contains(&top) {
                breaches.push(Breach::new(path, line, format!("takes in {resolved}, which the Dockerfile does not copy")));
            }
        }
    }
    breaches
}

fn resolve(base: &str, named: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Promises of the image that the documents and the threat model rest on.
fn check_promises(text: &str) -> Vec<Breach> {
    let instructions = instructions(text);
    let last = |name: &str| {
        let start = format!("{name} ");
        instructions.iter().rev().find_map(|(_, instruction)| instruction.strip_prefix(&start))
    };
    let mut breaches = Vec::new();
    let mut promise = |kept: bool, what: &str| {
        if !kept {
            breaches.push(Breach::new(DOCKERFILE, 0, what));
        }
    };
    promise(last("USER").is_some_and(|user| !user.starts_with("root") && !user.starts_with('0')), "does not end as another user than root");
    promise(last("ENTRYPOINT").is_some_and(|command| command.starts_with('[')), "has no ENTRYPOINT in exec form, so that signals are lost");
    promise(last("HEALTHCHECK").is_some_and(|check| check.contains("\"healthcheck\"")), "does not check its health by `healthcheck`");
    promise(last("VOLUME").is_some_and(|volume| volume.contains("/data")), "has no volume at /data");
    promise(text.contains("DATABASE_URL=sqlite:///data/"), "does not keep its database on the volume");
    let built = instructions.iter().filter(|(_, instruction)| instruction.contains("cargo build")).collect::<Vec<_>>();
    promise(
        !built.is_empty() && built.iter().all(|(_, instruction)| instruction.contains(BUILD)),
        "is not built by the command that is checked",
    );
    breaches
}

#[test]
fn the_image_is_built_from_files_that_exist() {
    let exists = |path: &str| tree::root().join(path).exists();
    let mut breaches = check_copies(tree::text(DOCKERFILE), tree::text(".dockerignore"), exists);
    let outside = tree::sources().iter().filter(|source| source.path.starts_with("src/") || source.path.starts_with("actors/src/"));
    breaches.extend(outside.flat_map(|source| check_embedded(tree::text(DOCKERFILE), &source.path, &source.text)));
    expect_none(&breaches, "copy what the build needs in Dockerfile, and let it in with a `!` line in .dockerignore");
}

#[test]
fn the_image_keeps_its_promises() {
    expect_none(&check_promises(tree::text(DOCKERFILE)), "docs/deployment.md and docs/security.md rest on it");
}

#[test]
fn the_image_is_built_by_the_command_that_is_checked() {
    assert!(tree::text(".ci/run").contains(BUILD), "`{BUILD}` builds the image, and .ci/run does not call it");
}

/// What the compositions promise: no port is open to the internet, no password is in them or may be missing, and the service waits for a database that is
/// well.
fn check_composition(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut inside_ports = false;
    for (index, line) in text.lines().enumerate() {
        let mut breach = |what: &str| breaches.push(Breach::new(path, index + 1, what));
        let (indented, trimmed) = (line.len() - line.trim_start().len(), line.trim());
        if indented <= 4 && !trimmed.starts_with('#') && !trimmed.is_empty() {
            inside_ports = trimmed == "ports:";
        }
        if inside_ports && trimmed.starts_with("- ") && !trimmed.starts_with("- \"127.0.0.1:") {
            breach("opens a port to more than this machine");
        }
        if trimmed.contains("PASSWORD") && !trimmed.starts_with('#') && !trimmed.contains("${POSTGRES_PASSWORD:?") {
            breach("has a password in it, or one that may be missing");
        }
    }
    if text.contains("image: postgres:")
        && !["condition: service_healthy", "\"pg_isready\"", "internal: true"].iter().all(|part| text.contains(part))
    {
        breaches.push(Breach::new(path, 0, "does not wait for a database that is well, on a network of its own"));
    }
    for part in ["read_only: true", "no-new-privileges:true", "- data:/data"] {
        if !text.contains(part) {
            breaches.push(Breach::new(path, 0, format!("has no `{part}`")));
        }
    }
    breaches
}

#[test]
fn the_compositions_keep_their_promises() {
    let checked = ["docker-compose.yml", "docker-compose.sqlite.yml"].map(|path| check_composition(path, tree::text(path))).concat();
    expect_none(&checked, "docs/deployment.md and docs/security.md rest on it");
    let broken =
        "services:\n  a:\n    image: postgres:17\n    ports:\n      - \"80:80\"\n    environment:\n      POSTGRES_PASSWORD: secret\n";
    assert_eq!(check_composition("x", broken).len(), 6);
}

#[test]
fn a_broken_image_is_found() {
    let text = "FROM a\nCOPY src actors \\\n  lost ./\nRUN cargo build\nCOPY --from=build /x /y\n";
    let found = check_copies(text, "*\n!src\n!lost\n", |path| path != "lost");
    let found: Vec<(usize, &str)> = found.iter().map(|breach| (breach.line, breach.what.as_str())).collect();
    assert_eq!(found, [(2, "copies actors, which .dockerignore keeps out"), (2, "copies lost, which is not there")]);
    assert_eq!(check_promises(text).len(), 6);
    let embedded = "x(include_str!(\"../manifests/a.json\"));\nsqlx::migrate!(\"./migrations/sqlite\");\ninclude_str!(\"page.html\");\n";
    assert_eq!(check_embedded("COPY src ./\nCOPY manifests ./\n", "src/manifest.rs", embedded).len(), 1);
}
