//! The laws of calls of other servers: whatever a value holds, the call goes where the definition says, and every part of it stays one part.

use actors::flow::action::generic_http::GenericHttp;
use actors::flow::model::HttpCall;
use actors::flow::read::Faults;
use actors::flow::template::{Scope, Secrets};
use actors::port::web::WebRequest;
use actors::secret::{Secret, SecretName};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

fn call() -> GenericHttp {
    let call: HttpCall = serde_json::from_value(json!({
        "method": "POST", "url": "https://hooks.example.com:8443/a/{{ $.webhook.v }}/x-{{ $.webhook.v }}?q={{ $.webhook.v }}&fixed=1",
        "query": { "more": "$.webhook.v" },
        "headers": { "X-Value": "v={{ $.webhook.v }}", "Authorization": "Bearer {{ secret.KEY }}" },
        "body": { "kind": "form", "value": { "v": "$.webhook.v", "k": "{{ secret.KEY }}" } },
    }))
    .unwrap();
    let mut faults = Faults::default();
    let action = GenericHttp::compile(&call, ("actions[0]", Scope::of(0)), &mut faults);
    faults.into_result(action).unwrap()
}

fn secrets(value: &str) -> Secrets {
    Secrets::from([(SecretName::parse("KEY").unwrap(), Secret::new(value))])
}

fn rendered(value: &str, secret: &str) -> Option<WebRequest> {
    call().render(&json!({ "webhook": { "v": value } }), &secrets(secret)).ok()
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[./%?#&=@:\\\\ {}$a-z0-9]{1,20}", "[!-~ ]{1,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_changes_neither_where_a_call_goes_nor_how_many_parts_it_has(value in any_value()) {
        let Some(request) = rendered(&value, "s3cret") else { return Ok(()) };
        let url = Url::parse(&request.url).unwrap();
        prop_assert_eq!(url.as_str(), &request.url, "the parser has nothing to mend");
        prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("hooks.example.com"), Some(8443)));
        prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
        let segments: Vec<_> = url.path_segments().unwrap().map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned()).collect();
        let mixed = format!("x-{value}");
        prop_assert_eq!(segments, ["a", value.as_str(), mixed.as_str()]);
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        prop_assert_eq!(pairs, [pair("q", &value), pair("fixed", "1"), pair("more", &value)]);
        prop_assert_eq!(request.headers.len(), 3);
        for (_, header) in &request.headers {
            prop_assert!(header.expose().bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')));
        }
        let body: Vec<_> = url::form_urlencoded::parse(request.body.as_ref().unwrap()).into_owned().collect();
        prop_assert_eq!(body, [pair("v", &value), pair("k", "s3cret")]);
    }

    #[test]
    fn a_secret_stands_in_nothing_that_is_kept_however_it_is_echoed(secret in "[!-~]{8,40}", around in any_value()) {
        let action = call();
        let context = json!({ "webhook": { "v": "x" } });
        if action.render(&context, &secrets(&secret)).is_err() {
            return Ok(());
        }
        let summary = serde_json::to_string(&action.summary(&context).unwrap()).unwrap();
        let shown = format!("{summary}{:?}{action:?}", action.headers_shown(&context).unwrap());
        // A secret that is a part of the definition or of its placeholder is none.
        prop_assume!(!format!("{}{{{{ secret.KEY }}}}", json!({ "status": 200, "headers": {}, "data": null })).contains(&secret));
        prop_assume!(!around.contains(&secret) && !shown.contains(&secret));
        let echo = json!({ "a": [format!("{around}{secret}")], secret.clone(): 1, "inner": json!({ "k": secret }).to_string() });
        for body in [echo.to_string(), format!("<p>{secret}</p>")] {
            let response = actors::port::web::WebResponse { status: 200, retry_after: None, headers: vec![], body: body.into() };
            let heard = action.answer().read(&response, &secrets(&secret));
            let found = contains(&heard.data, &secret);
            prop_assert!(!found && !heard.words.contains(&secret), "{:?}", heard);
        }
    }
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(inner) => inner.contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains(text) || contains(value, text)),
        _ => false,
    }
}
