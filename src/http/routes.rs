//! From the route table to actix: a route is a line with its proof, and a handler that does not begin with that proof does not compile.

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope, guard, web};
use actors::addon::Addon;
use futures_util::future::ready;

use super::activity;
use super::caller::{BeginsWith, Mount, Proof, Proven};
use super::error::{Error, Kind};

/// A line of the table.
pub struct Endpoint {
    /// Its method.
    pub verb: Verb,
    /// Its path below the add-on; parameters in braces.
    pub path: &'static str,
    /// What it demands.
    pub proof: Proof,
    /// The add-ons that have it; without a word, all.
    pub only: Option<&'static [Addon]>,
    /// Makes the route; the table's macro writes it.
    pub route: fn() -> Route,
}

impl Endpoint {
    /// Whether an add-on has this route.
    pub fn is_of(&self, addon: Addon) -> bool {
        self.only.is_none_or(|only| only.contains(&addon))
    }
}

/// Methods that are offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the methods")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// GET answers HEAD as well.
    fn guard(self) -> Box<dyn guard::Guard> {
        match self {
            Self::Get => Box::new(guard::Any(guard::Get()).or(guard::Head())),
            Self::Post => Box::new(guard::Post()),
            Self::Put => Box::new(guard::Put()),
            Self::Patch => Box::new(guard::Patch()),
            Self::Delete => Box::new(guard::Delete()),
        }
    }
}

/// The path of the table that a request matched.
#[derive(Clone, Copy)]
pub struct Matched(pub &'static str);

/// A route whose handler begins with the caller `C`.
pub fn proven<C, F, Args>(handler: F) -> Route
where
    C: Proven,
    F: Handler<Args>,
    Args: FromRequest + BeginsWith<C> + 'static,
    F::Output: Responder + 'static,
{
    Route::new().to(handler)
}

macro_rules! routes {
    ($($verb:ident $path:literal $caller:ident $handler:path $(, $addon:ident)*;)*) => {
        &[$(Endpoint {
            verb: $crate::http::routes::Verb::$verb,
            path: $path,
            proof: <$caller as $crate::http::caller::Proven>::PROOF,
            only: {
                const ONLY: &[actors::addon::Addon] = &[$(actors::addon::Addon::$addon),*];
                if ONLY.is_empty() { None } else { Some(ONLY) }
            },
            route: || $crate::http::routes::proven::<$caller, _, _>($handler),
        }),*]
    };
}
pub(super) use routes;

/// Adds the table to a scope: one resource for each path, which is there for the add-ons that have it and answers 405 to the methods that it
/// lacks. The routes are made once for all add-ons, since each worker of each listener holds its own and one set of them weighs a megabyte.
pub fn of_table<T>(mut scope: Scope<T>, table: &'static [Endpoint]) -> Scope<T>
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = actix_web::Error, InitError = ()>,
{
    let mut paths: Vec<&'static str> = Vec::new();
    for path in table.iter().map(|endpoint| endpoint.path) {
        if !paths.contains(&path) {
            paths.push(path);
            let here: Vec<&'static Endpoint> = table.iter().filter(|endpoint| endpoint.path == path).collect();
            let leaves_lines = here.iter().any(|endpoint| activity::leaves_a_line(endpoint));
            let resource = resource(path, here);
            scope = if leaves_lines { scope.service(resource.wrap(from_fn(activity::record))) } else { scope.service(resource) };
        }
    }
    scope
}

fn resource(path: &'static str, here: Vec<&'static Endpoint>) -> Resource {
    // Below an add-on's slug the root has no slash of its own.
    let mut resource = if path == "/" { web::resource(["", "/"]) } else { web::resource(path) }.app_data(Matched(path));
    if let Some(addons) = here.iter().map(|endpoint| endpoint.only).collect::<Option<Vec<_>>>() {
        resource = resource.guard(Of(addons.concat()));
    }
    for endpoint in &here {
        let mut route = (endpoint.route)().guard(BoxedGuard(endpoint.verb.guard()));
        if let Some(addons) = endpoint.only {
            route = route.guard(Of(addons.to_vec()));
        }
        resource = resource.route(route);
    }
    resource.default_service(web::to(move |request: HttpRequest| ready(no_such_method(&request, &here))))
}

/// What a path answers to a method that it lacks.
fn no_such_method(request: &HttpRequest, here: &[&'static Endpoint]) -> HttpResponse {
    let addon = request.app_data::<Mount>().map(|mount| mount.addon);
    let mut allow: Vec<&str> = Vec::new();
    for endpoint in here.iter().filter(|endpoint| addon.is_some_and(|addon| endpoint.is_of(addon))) {
        allow.push(endpoint.verb.as_str());
    }
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    let mut response = HttpResponse::from_error(Error::from(Kind::MethodNotAllowed));
    if let Ok(allow) = header::HeaderValue::from_str(&allow.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A request to one of these add-ons.
struct Of(Vec<Addon>);

impl guard::Guard for Of {
    fn check(&self, context: &guard::GuardContext<'_>) -> bool {
        context.app_data::<Mount>().is_some_and(|mount| self.0.contains(&mount.addon))
    }
}

/// actix takes guards by value only.
struct BoxedGuard(Box<dyn guard::Guard>);

impl guard::Guard for BoxedGuard {
    fn check(&self, context: &guard::GuardContext<'_>) -> bool {
        self.0.check(context)
    }
}

/// What no route matches.
pub async fn nothing_here() -> HttpResponse {
    HttpResponse::from_error(Error::from(Kind::NotFound))
}
