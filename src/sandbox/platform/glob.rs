//! Path patterns of faults and of the journal: `*` is one segment, `**` at the end is the rest.

/// Whether `path` fits `pattern`, segment by segment. A pattern without a leading `/api`, `/report` or `/pto` means the API's own path.
pub fn fits(pattern: &str, path: &str) -> bool {
    let whole = ["/api", "/report", "/pto", "/sandbox"].iter().any(|base| pattern.starts_with(base));
    let path = if whole { path } else { ["/api", "/report", "/pto"].iter().find_map(|base| path.strip_prefix(base)).unwrap_or(path) };
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        let path = "/api/v1/workspaces/5b64/tags/77";
        for good in ["/v1/workspaces/*/tags/*", "/v1/workspaces/**", "/api/v1/workspaces/*/tags/77", "**", "/**"] {
            assert!(fits(good, path), "{good}");
        }
        for bad in ["/v1/workspaces/*", "/v1/workspaces/*/tags", "/v1/workspaces/*/tags/*/x", "/v1/*/tags/*", "/pto/**", ""] {
            assert!(!fits(bad, path), "{bad}");
        }
    }
}
