//! Which operation of the catalogue a method and a path mean.

use std::sync::Arc;

use actors::operation::{Catalogue, Operation};
use actors::port::clockify::Host;

use super::super::answer::Refusal;

/// Every operation of the catalogue with its path in segments.
pub struct Routes {
    routes: Vec<Arc<Operation>>,
}

/// An operation with the values of its path parameters.
pub type Match = (Arc<Operation>, Vec<(String, String)>);

impl Routes {
    /// The catalogue's operations; those with more fixed segments are tried first, as `…/time-entries/invoiced` is no entry's id.
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut routes: Vec<Arc<Operation>> = catalogue.iter().map(Arc::clone).collect();
        routes.sort_by_key(|operation| operation.path_parameters().count());
        Self { routes }
    }

    /// Finds the operation. `path` is what follows the base URL.
    ///
    /// # Errors
    ///
    /// 404 without such a path, 405 if it has other methods, both with code 3000.
    pub fn find(&self, host: Host, method: &str, path: &str) -> Result<Match, Refusal> {
        let mut exists = false;
        for operation in self.routes.iter().filter(|operation| operation.host == host) {
            let Some(parameters) = fit(&operation.path, path) else { continue };
            if operation.method.as_str() == method {
                return Ok((Arc::clone(operation), parameters));
            }
            exists = true;
        }
        Err(if exists { Refusal::no_method() } else { Refusal::no_route() })
    }
}

fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut template, mut path, mut found) = (template.split('/'), path.split('/'), Vec::new());
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(found),
            (Some(segment), Some(value)) => match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(_) if value.is_empty() => return None,
                Some(name) => found.push((name.to_owned(), percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())),
                None if segment == value => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_win_over_parameters_and_a_known_path_with_another_method_is_405() {
        let routes = Routes::new(&super::super::super::catalogue::catalogue());
        let found = |method: &str, path: &str| routes.find(Host::Backend, method, path).map(|(operation, _)| operation.id.clone());
        assert_eq!(found("PATCH", "/v1/workspaces/w/time-entries/invoiced").unwrap(), "updateInvoicedStatus");
        assert_eq!(found("GET", "/v1/workspaces/w/time-entries/t").unwrap(), "getTimeEntry");
        assert_eq!(found("GET", "/v1/workspaces/w/expenses/categories").unwrap(), "getCategories");
        assert_eq!(found("PATCH", "/v1/workspaces/w").unwrap_err().status, 405);
        assert_eq!(found("GET", "/v1/workspaces/w/policies").unwrap_err().status, 404);
        assert_eq!(found("GET", "/v1/workspaces//tags").unwrap_err().status, 404);
        let (_, parameters) = routes.find(Host::Backend, "GET", "/v1/workspaces/w/tags/a%2Fb").unwrap();
        assert_eq!(parameters[1], ("id".to_owned(), "a/b".to_owned()));
    }
}
