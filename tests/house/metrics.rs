//! Every metric is documented for whoever looks at it at night, and no document names one that does not exist.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::SystemClock;
use clockify_addons::metrics::Metrics;

use super::report::{Breach, expect_none};
use super::tree;

const PAGE: &str = "docs/operations.md";
const START: &str = "clockify_addons_";

/// Families that are rendered once a request has been counted.
fn rendered() -> BTreeSet<String> {
    let metrics = Metrics::new(Arc::new(SystemClock::new())).unwrap();
    metrics.request(None, Some("/ready"), 200, Duration::ZERO);
    let text = metrics.render();
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect()
}

/// Names in a text, without what a histogram appends.
fn named(text: &str) -> BTreeSet<String> {
    let ends = |c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_';
    let names = text.split(START).skip(1).map(|rest| format!("{START}{}", rest.split(ends).next().unwrap_or_default()));
    names.map(|name| ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()).collect()
}

fn compare(real: &BTreeSet<String>, written: &BTreeSet<String>) -> Vec<Breach> {
    let missing = real.difference(written).map(|name| Breach::new(PAGE, 0, format!("{name} is exported and not there")));
    let invented = written.difference(real).map(|name| Breach::new(PAGE, 0, format!("{name} is there and not exported")));
    missing.chain(invented).collect()
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let real = rendered();
    assert!(real.len() > 8, "the metrics were not rendered: {real:?}");
    expect_none(&compare(&real, &named(tree::text(PAGE))), "keep the table of metrics and the symptoms true");
}

#[test]
fn a_forgotten_and_an_invented_metric_are_found() {
    let real = BTreeSet::from(["clockify_addons_a_total".to_owned(), "clockify_addons_b".to_owned()]);
    let written = named("`clockify_addons_b_bucket{le=\"1\"}`, `clockify_addons_c`");
    assert_eq!(compare(&real, &written).len(), 2);
}
