//! Claims as the payload spells them: types, names and forms, everything that needs neither key nor clock.
//!
//! Strict where a mistake could open a door: no claim twice, no number in a text, ids letter by letter. Older developer portals used other
//! names (`activeWs`, `baseURL`, `apiUrl`), which are read as well.

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::installation::TokenHash;
use actors::limits::token::CLAIM_BYTES_MAX;
use serde_json::{Map, Value};

use super::kind::Shape;
use super::{Flaw, UrlClaims, Verified, object};

const PERSON: [&str; 3] = ["workspaceRole", "language", "theme"];
const BACKEND: [&str; 3] = ["backendUrl", "baseURL", "apiUrl"];
const OTHER_URLS: [&str; 4] = ["reportsUrl", "ptoUrl", "locationsUrl", "screenshotsUrl"];

/// What a payload claims.
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) shape: Shape,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    /// The names of all claims, for the operator who wants to know what the platform sends.
    pub(super) names: String,
    workspace: WorkspaceId,
    addon_id: AddonId,
    user: Option<String>,
    role: Option<String>,
    language: Option<String>,
    theme: Option<String>,
    urls: UrlClaims,
}

impl Claims {
    /// Reads a payload.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Flaw> {
        let claims = object::read(payload).ok_or(Flaw::Claims)?;
        let is = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
        if !is("iss", "clockify") || !is("type", "addon") {
            return Err(Flaw::Issuer);
        }
        let sub = claims.get("sub").and_then(Value::as_str).ok_or(Flaw::Subject)?.to_owned();
        let expires_at = moment(&claims, "exp")?;
        let shape = shape(&claims);
        if shape == Shape::Person && expires_at.is_none() {
            return Err(Flaw::Claims);
        }
        let backend = BACKEND.iter().map(|name| text(&claims, name)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().next();
        Ok(Self {
            sub,
            shape,
            issued_at: moment(&claims, "iat")?,
            not_before: moment(&claims, "nbf")?,
            expires_at,
            names: claims.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
            workspace: workspace(&claims)?,
            addon_id: id(&claims, "addonId", AddonId::parse)?.ok_or(Flaw::Claims)?,
            user: text(&claims, "user")?,
            role: text(&claims, "workspaceRole")?,
            language: text(&claims, "language")?,
            theme: text(&claims, "theme")?,
            urls: UrlClaims { backend, reports: text(&claims, "reportsUrl")?, pto: text(&claims, "ptoUrl")? },
        })
    }

    /// What they say once they are verified.
    pub(super) fn verified(self, addon: Addon, hash: TokenHash) -> Verified {
        Verified {
            kind: self.shape.kind(),
            addon,
            workspace: self.workspace,
            addon_id: self.addon_id,
            user: self.user,
            role: self.role,
            language: self.language,
            theme: self.theme,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            urls: self.urls,
            hash,
        }
    }
}

/// By names alone: a claim that is null still shows what the token is.
fn shape(claims: &Map<String, Value>) -> Shape {
    let any = |names: &[&str]| names.iter().any(|name| claims.contains_key(*name));
    if any(&PERSON) {
        Shape::Person
    } else if any(&BACKEND) || any(&OTHER_URLS) {
        if any(&["user"]) { Shape::Access } else { Shape::Addressed }
    } else if any(&["webhookId"]) {
        Shape::Hook
    } else {
        Shape::Bare
    }
}

/// The workspace under its name or the older one; where both stand they agree.
fn workspace(claims: &Map<String, Value>) -> Result<WorkspaceId, Flaw> {
    let [new, old] = [id(claims, "workspaceId", WorkspaceId::parse)?, id(claims, "activeWs", WorkspaceId::parse)?];
    match (new, old) {
        (Some(new), Some(old)) if new != old => Err(Flaw::Claims),
        (new, old) => new.or(old).ok_or(Flaw::Claims),
    }
}

fn id<T, E>(claims: &Map<String, Value>, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, Flaw> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(digits)) => parse(digits).map(Some).map_err(|_| Flaw::Claims),
        Some(_) => Err(Flaw::Claims),
    }
}

/// A text of printable characters; null and the empty text are as good as none.
fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, Flaw> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() > CLAIM_BYTES_MAX || text.chars().any(char::is_control) => Err(Flaw::Claims),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
        Some(_) => Err(Flaw::Claims),
    }
}

/// Seconds since 1970 as a JSON number, whole or not. One that is too large for a time means the end of time.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Flaw> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            // A float beyond the range of integers is cut to their ends by `as`.
            let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64));
            seconds.map(|seconds| Some(Timestamp::from_seconds(seconds))).ok_or(Flaw::Claims)
        }
        Some(_) => Err(Flaw::Claims),
    }
}
