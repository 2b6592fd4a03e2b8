//! Claims about what a value can and cannot do to a call.

use super::*;
use crate::flow::read::FieldError;
use crate::secret::{Secret, SecretName};
use serde_json::json;

fn compile(call: Value) -> Result<GenericHttp, Vec<FieldError>> {
    let mut whole = json!({"method": "POST", "url": "https://hooks.example.com/x"});
    whole.as_object_mut().unwrap().extend(call.as_object().unwrap().clone());
    let call: HttpCall = serde_json::from_value(whole).unwrap();
    let mut faults = Faults::default();
    let action = GenericHttp::compile(&call, ("actions[0]", Scope::of(0)), &mut faults);
    faults.into_result(action)
}

fn codes(call: Value) -> Vec<(String, &'static str)> {
    compile(call).unwrap_err().into_iter().map(|fault| (fault.field, fault.code)).collect()
}

fn render(call: Value, webhook: Value) -> Result<WebRequest, Reason> {
    compile(call).unwrap().render(&json!({ "webhook": webhook }), &Secrets::new())
}

fn secrets() -> Secrets {
    Secrets::from([(SecretName::parse("API_KEY").unwrap(), Secret::new("hunter2 & \"more\""))])
}

#[test]
fn no_value_chooses_where_a_call_goes() {
    for url in [
        "{{ $.webhook.url }}",
        "$.webhook.url",
        "https://{{ $.webhook.host }}/x",
        "https://example.com{{ $.webhook.host }}/x",
        "https://example.com:{{ $.webhook.port }}/x",
        "{{ $.webhook.scheme }}://example.com/x",
        "https://{{ secret.HOST }}/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://exa mple.com/",
        "https://example.com\\@evil.com/",
        "https:///x",
        "https:/example.com",
        "//example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://exam%70le.com/",
        "",
    ] {
        assert_eq!(codes(json!({ "url": url })), [("actions[0].url".to_owned(), "invalid_url")], "{url:?}");
    }
    for (url, code) in [
        ("https://example.com/#{{ $.webhook.id }}", "invalid_url"),
        ("https://example.com/a/../b", "invalid_url"),
        ("https://example.com/%2e%2E/b", "invalid_url"),
        ("https://example.com/a b", "invalid_url"),
        ("https://example.com/é", "invalid_url"),
        ("https://example.com/{x}", "invalid_url"),
        ("https://example.com/%zz", "invalid_url"),
        ("https://example.com/{{ secret.API_KEY }}", "secret_not_allowed"),
        ("https://example.com/?k={{ secret.API_KEY }}", "secret_not_allowed"),
        ("https://example.com/{{ $.env }}", "unknown_reference"),
        ("https://example.com/{{ 7*7 }}", "invalid_jsonpath"),
    ] {
        assert_eq!(codes(json!({ "url": url }))[0].1, code, "{url:?}");
    }
}

#[test]
fn a_value_in_the_address_is_one_piece_of_it() {
    let call = json!({"url": "https://example.com:8443/a/{{ $.webhook.v }}/b-{{ $.webhook.v }}.json?q={{ $.webhook.v }}&x=1", "query": {"r": "$.webhook.v"}});
    for (value, path, form) in [
        (json!("x"), "x", "x"),
        (json!(7), "7", "7"),
        (json!("a/b"), "a%2Fb", "a%2Fb"),
        (json!("a b?c#d&e=f;g\\h%2e"), "a%20b%3Fc%23d%26e%3Df%3Bg%5Ch%252e", "a+b%3Fc%23d%26e%3Df%3Bg%5Ch%252e"),
        (json!("@evil.com"), "%40evil.com", "%40evil.com"),
        (json!("{{ $.webhook.id }}"), "%7B%7B%20%24.webhook.id%20%7D%7D", "%7B%7B+%24.webhook.id+%7D%7D"),
    ] {
        let url = render(call.clone(), json!({ "v": value })).unwrap().url;
        assert_eq!(url, format!("https://example.com:8443/a/{path}/b-{path}.json?q={path}&x=1&r={form}"));
    }
    for bad in [json!(""), json!(".."), json!("."), json!("a\r\nb"), json!("\0"), json!("x".repeat(9_000))] {
        let code = render(json!({"url": "https://example.com/a/{{ $.webhook.v }}"}), json!({ "v": bad })).unwrap_err().code;
        assert_eq!(code, "parameter_invalid", "{bad}");
    }
    let dots = render(json!({"url": "https://example.com/.{{ $.webhook.v }}"}), json!({"v": "."}));
    assert_eq!(dots.unwrap_err().code, "parameter_invalid");
}

#[test]
fn an_address_without_path_or_query_gets_what_it_needs_of_them() {
    for (url, query, expected) in [
        ("https://example.com", json!({}), "https://example.com/"),
        ("https://example.com?a=1", json!({"b": [1, "2 3"], "n": null}), "https://example.com/?a=1&b=1&b=2+3"),
        ("HTTP://Example.com/a//b/", json!({"b": true}), "HTTP://Example.com/a//b/?b=true"),
    ] {
        assert_eq!(render(json!({"url": url, "query": query}), json!({})).unwrap().url, expected);
    }
    assert_eq!(codes(json!({"query": {"a": {"b": 1}}})), [("actions[0].query.a".to_owned(), "invalid_type")]);
}

#[test]
fn a_header_value_cannot_end_its_line_and_reserved_names_are_refused() {
    for bad in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\u{7f}", "é", "\u{0}"] {
        let rendered = render(json!({"headers": {"X-A": "$.webhook.v"}}), json!({ "v": bad }));
        let reason = rendered.unwrap_err();
        assert_eq!(reason.code, "header_invalid", "{bad:?}");
        assert!(!reason.message.contains("Evil"), "{reason:?}");
        assert_eq!(codes(json!({"headers": {"X-A": bad}}))[0].1, "invalid_header", "{bad:?}");
    }
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Cookie",
        "X-Addon-Token",
        "Proxy-Authorization",
        "X-Forwarded-For",
        "Forwarded",
        "Accept-Encoding",
        "User-Agent",
        "Sec-Fetch-Mode",
    ] {
        assert_eq!(codes(json!({"headers": {name: "x"}}))[0].1, "reserved_header", "{name}");
    }
    for name in ["", "a b", "a:b", "a\r\nb", "é", "x".repeat(65).as_str()] {
        assert_eq!(codes(json!({"headers": {name: "x"}}))[0].1, "invalid_header", "{name:?}");
    }
    assert_eq!(codes(json!({"headers": {"X-A": "1", "x-a": "2"}}))[0].1, "duplicate");
    assert_eq!(codes(json!({"headers": {"X-A": ["1"]}}))[0].1, "invalid_type");
    let long = render(json!({"headers": {"X-A": "$.webhook.v"}}), json!({"v": "x".repeat(9_000)}));
    assert_eq!(long.unwrap_err().code, "header_invalid");
}

#[test]
fn a_body_takes_typed_values_and_no_structure_from_texts() {
    let evil = "\",\"admin\":true,\"&a=b";
    let webhook = json!({"evil": evil, "n": 7, "list": [1, {"a": null}]});
    let body = |kind: &str, value: Value| {
        let request = render(json!({"body": {"kind": kind, "value": value}}), webhook.clone()).unwrap();
        (request.headers[0].1.expose().to_owned(), String::from_utf8(request.body.unwrap().to_vec()).unwrap())
    };
    let (media, json) = body("json", json!({"a": "x {{ $.webhook.evil }}", "b": "$.webhook.list", "c": "{{7*7}}".replace("{{", "\\{{")}));
    assert_eq!(media, "application/json");
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"a": format!("x {evil}"), "b": [1, {"a": null}], "c": "{{7*7}}"}));
    let (media, form) = body("form", json!({"a": "$.webhook.evil", "l": [1, true], "none": null}));
    assert_eq!(
        (media.as_str(), form.as_str()),
        ("application/x-www-form-urlencoded", "a=%22%2C%22admin%22%3Atrue%2C%22%26a%3Db&l=1&l=true")
    );
    let (media, text) = body("text", json!("n={{ $.webhook.n }}"));
    assert_eq!((media.as_str(), text.as_str()), ("text/plain; charset=utf-8", "n=7"));
    let own = render(json!({"headers": {"Content-Type": "application/cloudevents+json"}, "body": {"kind": "json", "value": 1}}), json!({}))
        .unwrap();
    assert_eq!(own.headers.len(), 1);
    for (body, field) in [(json!({"kind": "form", "value": [1]}), "value"), (json!({"kind": "text", "value": {}}), "value")] {
        assert_eq!(codes(json!({ "body": body })), [(format!("actions[0].body.{field}"), "invalid_type")]);
    }
    assert_eq!(codes(json!({"method": "GET", "body": {"kind": "json", "value": 1}})), [("actions[0].body".to_owned(), "not_applicable")]);
}

#[test]
fn secrets_go_over_the_wire_and_into_nothing_that_is_kept() {
    let action = compile(json!({
        "headers": {"Authorization": "Bearer {{ secret.API_KEY }}"}, "body": {"kind": "json", "value": {"k": "{{ secret.API_KEY }}", "id": "$.webhook.id"}},
    }))
    .unwrap();
    let context = json!({"webhook": {"id": "{{ secret.API_KEY }}"}});
    let request = action.render(&context, &secrets()).unwrap();
    assert_eq!(request.headers[0].1.expose(), "Bearer hunter2 & \"more\"");
    assert_eq!(
        serde_json::from_slice::<Value>(request.body.as_ref().unwrap()).unwrap(),
        json!({"k": "hunter2 & \"more\"", "id": "{{ secret.API_KEY }}"})
    );
    assert!(!format!("{request:?} {action:?}").contains("hunter2"));
    let summary = action.summary(&context).unwrap();
    assert_eq!(summary.body.unwrap(), r#"{"k":"{{ secret.API_KEY }}","id":"{{ secret.API_KEY }}"}"#);
    assert_eq!(action.headers_shown(&context).unwrap()[0].1, "Bearer {{ secret.API_KEY }}");
    assert_eq!(action.render(&context, &Secrets::new()).unwrap_err().code, "secret_missing");
}

#[test]
fn a_secret_that_the_answer_echoes_is_masked() {
    let action = compile(json!({"response": {"token": "$.token", "gone": "$.gone", "other": "$.gone ?? 7"}})).unwrap();
    let read = |body: &str| {
        let headers = vec![("location".to_owned(), "/x?k=hunter2+%26+%22more%22".to_owned())];
        let response =
            crate::port::web::WebResponse { status: 200, retry_after: None, headers, body: bytes::Bytes::copy_from_slice(body.as_bytes()) };
        action.answer().read(&response, &secrets())
    };
    let echo = json!({"token": "x hunter2 & \"more\"", "hunter2 & \"more\"": [{"a": "hunter2+%26+%22more%22"}], "inner": "{\"k\":\"hunter2 & \\\"more\\\"\"}"});
    for body in [echo.to_string(), "<p>hunter2 & \"more\"</p>".to_owned()] {
        let heard = read(&body);
        assert!(!heard.data.to_string().contains("hunter2") && !heard.words.contains("hunter2"), "{heard:?}");
    }
    let heard = read(&echo.to_string());
    assert_eq!(
        (&heard.data["token"], &heard.data["gone"], &heard.data["other"]),
        (&json!("x {{ secret.API_KEY }}"), &Value::Null, &json!(7))
    );
    assert_eq!((&heard.data["status"], heard.expected), (&json!(200), true));
}

/// The secret in every manner in which a server may say it again, within other text.
fn echoes(secret: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let bytes = |each: fn(u8) -> String| secret.bytes().map(each).collect::<String>();
    let chars = |each: fn(char) -> String| secret.chars().map(each).collect::<String>();
    let mut echoes = vec![
        secret.to_owned(),
        bytes(|byte| format!("%{byte:02x}")),
        bytes(|byte| format!("%{byte:02X}")),
        bytes(|byte| format!("{byte:02x}")),
        bytes(|byte| format!("{byte:02X}")),
        chars(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }),
        chars(|c| format!("\\u{:04X}", u32::from(c))),
        chars(|c| format!("&#{};", u32::from(c))),
        chars(|c| format!("&#x{:x};", u32::from(c))),
        secret.replace('&', "&amp;").replace('"', "&quot;"),
        secret.replace(' ', "+"),
        secret.replace(' ', "%20"),
        secret.replace('"', "\\\""),
        serde_json::to_string(&json!({ "echo": secret })).unwrap(),
    ];
    for before in ["", "u", "us", "user:"] {
        for engine in [&STANDARD, &URL_SAFE] {
            echoes.extend(["", "x", "xy"].map(|behind| engine.encode(format!("{before}{secret}{behind}"))));
        }
    }
    echoes
}

#[test]
fn a_secret_that_comes_back_encoded_is_masked_as_well() {
    let action = compile(json!({})).unwrap();
    let secret = secrets().into_values().next().unwrap();
    for echo in echoes(secret.expose()) {
        let header = vec![("x-echo".to_owned(), format!("a {echo} b"))];
        let bodies = [json!({"said": format!("a {echo} b")}).to_string(), format!("<p>a {echo} b</p>")];
        for body in bodies {
            let response =
                crate::port::web::WebResponse { status: 200, retry_after: None, headers: header.clone(), body: body.clone().into() };
            let heard = action.answer().read(&response, &secrets());
            for said in [heard.data["data"].to_string(), heard.data["headers"].to_string(), heard.words.clone()] {
                assert!(said.contains("{{ secret.API_KEY }}"), "{echo}: {said}");
                // Of a group of base64 that the secret shares with its neighbours some bits may be left, and nothing else.
                assert!(said.len() < body.len().max(100) && !said.contains(&echo), "{echo}: {said}");
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    let action = compile(json!({})).unwrap();
    for text in ["hunter2", "hunter2 & more", "%68%75%6e", "aHVudGVy", "\\u0068unter2", "a+b %zz &# &; \\u12 +"] {
        let body = json!({"said": text}).to_string();
        let response = crate::port::web::WebResponse { status: 200, retry_after: None, headers: vec![], body: body.into() };
        assert_eq!(action.answer().read(&response, &secrets()).data["data"]["said"], text);
    }
}

#[test]
fn only_expected_statuses_are_success() {
    let expected = |expect: Value, status: u16| {
        let response = crate::port::web::WebResponse { status, retry_after: None, headers: vec![], body: bytes::Bytes::new() };
        compile(json!({ "expect": expect })).unwrap().answer().read(&response, &Secrets::new()).expected
    };
    assert!(expected(json!([]), 204) && !expected(json!([]), 302) && !expected(json!([]), 404));
    assert!(expected(json!(["2xx", 404]), 404) && expected(json!(["2xx", 404]), 200) && !expected(json!([201]), 200));
    for odd in [json!(["6xx"]), json!([199]), json!(["200"]), json!([1.5])] {
        assert!(serde_json::from_value::<Vec<crate::flow::model::Expected>>(odd).is_err());
    }
}
