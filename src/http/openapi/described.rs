//! What the route table does not know of its routes: the words that a line is made of. The lines are in [`table`]; a test holds the two tables to
//! each other.

mod table;

pub use self::table::DESCRIBED;
use crate::http::error::Kind;
use crate::http::routes::Verb;

/// A route in words.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// Its method.
    pub verb: Verb,
    /// Its path, as in the table.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Parameters of the query and headers; those of the path are in the path.
    pub parameters: &'static [Parameter],
    /// What is sent.
    pub body: Body,
    /// The status when all is well, and what it means.
    pub success: (u16, &'static str),
    /// Another status when all is well, and what it means.
    pub also: Option<(u16, &'static str)>,
    /// The media type of that answer.
    pub media: &'static str,
    /// Whether it changes anything, where it is no reading.
    pub changes: bool,
    /// Refusals that neither proof nor body explains.
    pub refusals: &'static [Kind],
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub says: &'static str,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Place {
    Query,
    Header,
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// An event's payload: any object.
    Payload,
    /// What the platform tells about an installation.
    Told,
    /// A flow.
    Flow,
    /// A document with flows.
    Flows,
    /// Parameters of a template.
    Choice,
    /// A flow and what it is tried on.
    Trial,
    /// A path and what it is tried on.
    PathTrial,
    /// Runs, by their ids or a filter.
    Runs,
    /// A custom source.
    Source,
    /// A change of one.
    SourceChange,
    /// A secret's value.
    Secret,
    /// A rotation of its secret.
    Rotation,
    /// Settings by id.
    Settings,
    /// What of a bootstrap is repeated.
    Again,
    /// A call to make.
    Call,
    /// The same in the shapes of the reference.
    ReferenceCall,
    /// An event to subscribe to.
    Subscription,
    /// A webhook's token.
    WebhookToken,
}

const fn route(verb: Verb, path: &'static str, summary: &'static str) -> Described {
    Described {
        verb,
        path,
        summary,
        parameters: &[],
        body: Body::None,
        success: (200, "Done."),
        also: None,
        media: "application/json",
        changes: true,
        refusals: &[],
    }
}

impl Described {
    const fn with(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    const fn sends(self, body: Body) -> Self {
        Self { body, ..self }
    }

    const fn answers(self, status: u16, says: &'static str) -> Self {
        Self { success: (status, says), ..self }
    }

    const fn answers_also(self, status: u16, says: &'static str) -> Self {
        Self { also: Some((status, says)), ..self }
    }

    const fn as_media(self, media: &'static str) -> Self {
        Self { media, ..self }
    }

    const fn changes_nothing(self) -> Self {
        Self { changes: false, ..self }
    }

    /// It leaves a record of its own, so that the list of changes needs none.
    const fn recorded(self) -> Self {
        Self { changes: false, ..self }
    }

    const fn refuses(self, refusals: &'static [Kind]) -> Self {
        Self { refusals, ..self }
    }
}

const fn query(name: &'static str, says: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, says }
}

/// For a route that nobody has described.
const UNDESCRIBED: Described = route(Verb::Get, "", "");

/// A route's line.
pub fn of(verb: Verb, path: &str) -> &'static Described {
    DESCRIBED.iter().find(|described| described.verb == verb && described.path == path).unwrap_or(&UNDESCRIBED)
}
