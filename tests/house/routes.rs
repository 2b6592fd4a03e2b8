//! Every route is documented with the proof that it demands, and no other.

use std::collections::{BTreeMap, BTreeSet};

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::webhook;
use clockify_addons::http::ROUTES;
use clockify_addons::http::caller::Proof;

use super::report::{Breach, expect_none};
use super::tree;

const PAGE: &str = "docs/security.md";

/// How the page's second column begins.
const fn words(proof: Proof) -> &'static str {
    match proof {
        Proof::Open => "none",
        Proof::MetricsToken => "`METRICS_TOKEN`",
        Proof::Lifecycle => "lifecycle token",
        Proof::WebhookSignature => "webhook signature",
        Proof::SourceSecret => "a live secret of that source",
        Proof::Admin => "user token of an admin",
    }
}

/// First and second column of the table of routes.
fn documented(page: &str) -> BTreeMap<&str, &str> {
    let verbs = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "];
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.filter(|(route, _)| verbs.iter().any(|verb| route.starts_with(verb))).collect()
}

fn compare(real: &BTreeMap<String, &str>, written: &BTreeMap<&str, &str>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (route, proof) in real {
        match written.get(route.as_str()) {
            None => breaches.push(Breach::new(PAGE, 0, format!("{route} is served and not there"))),
            Some(said) if !said.starts_with(proof) => {
                breaches.push(Breach::new(PAGE, 0, format!("{route} demands {proof:?} and is said to demand {said:?}")));
            }
            Some(_) => {}
        }
    }
    let invented = written.keys().filter(|route| !real.contains_key(**route));
    breaches.extend(invented.map(|route| Breach::new(PAGE, 0, format!("{route} is there and not served"))));
    breaches
}

#[test]
fn every_route_is_documented_with_its_proof_and_no_other() {
    let real = ROUTES.iter().map(|endpoint| (format!("{} {}", endpoint.verb.as_str(), endpoint.path), words(endpoint.proof))).collect();
    expect_none(&compare(&real, &documented(tree::text(PAGE))), "keep the table of who may call what true");
}

#[test]
fn every_path_by_category_is_documented_and_no_other() {
    const PAGE: &str = "docs/add-ons.md";
    let real: BTreeSet<String> = KNOWN.iter().map(|event| webhook::path(Addon::ClockifyAddon, event)).collect();
    let table = tree::text(PAGE).split_once("| below `/webhooks` |").map_or("", |(_, table)| table);
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let names = rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let written: BTreeSet<String> = names.map(|name| format!("/webhooks/{name}")).collect();
    let different = real.symmetric_difference(&written).map(|path| Breach::new(PAGE, 0, path.clone()));
    expect_none(&different.collect::<Vec<_>>(), "these paths are there or served, and not both");
}

#[test]
fn a_forgotten_route_and_a_wrong_proof_are_found() {
    let real = BTreeMap::from([("GET /a".to_owned(), "none"), ("PUT /b".to_owned(), "lifecycle token"), ("GET /c".to_owned(), "none")]);
    let written = documented("| `GET /a` | none |\n| `PUT /b` | none |\n| `GET /d` | none |\n| `A_VARIABLE` | text |\n");
    assert_eq!(compare(&real, &written).len(), 3);
}
