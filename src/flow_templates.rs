//! Flows to begin with: definitions with parameters, embedded from `manifests/templates/`.
//!
//! A parameter stands in a definition as `%{name}`: alone it becomes the value with its type, within a text it is filled in as text. What is filled into
//! an action's parameters is a plain text there and never a reference of a flow's own templates. An address is filled in before the definition is
//! checked, so that its host is as literal as one that was written there.

use std::sync::LazyLock;

use actors::flow::read::{Faults, FieldError};
use actors::limits::flow::{NAME_SHOWN_CHARS_MAX, PARAMETER_CHARS_MAX};
use actors::limits::outbound::URL_BYTES_MAX;
use actors::secret::SecretName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A template.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What it is asked for by: the name of its file.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// What it stands with in a list.
    pub category: String,
    /// What has to be chosen.
    pub parameters: Vec<Parameter>,
    /// A flow with holes.
    pub definition: Value,
}

/// What has to be chosen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in the definition.
    pub name: String,
    /// For people.
    pub label: String,
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// What stands in where it is not given.
    pub default: Value,
}

/// What a parameter takes: a text, yes or no, an address, the name of a secret. The last five are the platform's ids, which a page offers for choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Text,
    Flag,
    Url,
    Secret,
    Project,
    Tag,
    Client,
    User,
    Group,
}

/// The files, by the name of each.
const SHIPPED: [&str; 17] = [
    include_str!("../manifests/templates/archive-projects-with-client.json"),
    include_str!("../manifests/templates/default-description.json"),
    include_str!("../manifests/templates/default-project.json"),
    include_str!("../manifests/templates/keep-a-tag.json"),
    include_str!("../manifests/templates/log-every-event.json"),
    include_str!("../manifests/templates/new-members-into-group.json"),
    include_str!("../manifests/templates/no-time-on-archived-projects.json"),
    include_str!("../manifests/templates/notify-slack.json"),
    include_str!("../manifests/templates/notify-teams.json"),
    include_str!("../manifests/templates/project-for-new-clients.json"),
    include_str!("../manifests/templates/send-mail.json"),
    include_str!("../manifests/templates/stop-forgotten-timers.json"),
    include_str!("../manifests/templates/tag-by-project.json"),
    include_str!("../manifests/templates/tag-non-billable.json"),
    include_str!("../manifests/templates/tasks-of-new-projects.json"),
    include_str!("../manifests/templates/welcome-task.json"),
    include_str!("../manifests/templates/word-makes-non-billable.json"),
];

/// Every template. A test sees to it that each file can be read.
pub fn all() -> &'static [Template] {
    static ALL: LazyLock<Vec<Template>> = LazyLock::new(|| SHIPPED.iter().filter_map(|text| serde_json::from_str(text).ok()).collect());
    &ALL
}

/// The template of an id.
pub fn of(id: &str) -> Option<&'static Template> {
    all().iter().find(|template| template.id == id)
}

impl Template {
    /// A definition with what was chosen, or everything that is wrong with the choice.
    ///
    /// # Errors
    ///
    /// A parameter that is missing, unknown or of the wrong type, under `parameters`.
    pub fn filled(&self, given: &Map<String, Value>) -> Result<Value, Vec<FieldError>> {
        let mut faults = Faults::default();
        for name in given.keys().filter(|name| !self.parameters.iter().any(|parameter| parameter.name == **name)) {
            let shown: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
            faults.add(format!("parameters.{shown}"), "unknown_field", "the template has no such parameter");
        }
        let mut chosen = Map::new();
        for parameter in &self.parameters {
            let value = given.get(&parameter.name).filter(|value| !value.is_null()).unwrap_or(&parameter.default);
            let field = format!("parameters.{}", parameter.name);
            match parameter.kind.wrong(value) {
                _ if value.is_null() && parameter.required => faults.add(field, "required", "the template needs it"),
                Some(expected) if !value.is_null() => faults.add(field, "invalid_value", expected),
                _ => drop(chosen.insert(parameter.name.clone(), value.clone())),
            }
        }
        faults.into_result(Some(fill(&self.definition, &chosen, false)))
    }
}

impl Kind {
    /// What is expected, where a value is something else.
    fn wrong(self, value: &Value) -> Option<String> {
        let text = value.as_str();
        match self {
            Self::Flag => (!value.is_boolean()).then(|| "expected true or false".to_owned()),
            Self::Text => {
                let plain = |text: &str| !text.starts_with('$') && text.chars().count() <= PARAMETER_CHARS_MAX && !text.contains('\0');
                let fits = text.is_some_and(plain);
                (!fits).then(|| format!("expected a text of at most {PARAMETER_CHARS_MAX} characters that does not begin with $"))
            }
            Self::Url => {
                let words = || format!("expected a literal address of at most {URL_BYTES_MAX} bytes that begins with https:// or http://");
                (!text.is_some_and(is_address)).then(words)
            }
            Self::Secret => {
                let words = || "expected a secret's name: a capital letter, then at most 63 capital letters, digits or '_'".to_owned();
                text.is_none_or(|text| SecretName::parse(text).is_err()).then(words)
            }
            Self::Project | Self::Tag | Self::Client | Self::User | Self::Group => {
                let id = |text: &str| text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                (!text.is_some_and(id)).then(|| "expected an id of the platform: 24 hexadecimal digits".to_owned())
            }
        }
    }
}

/// Whether a text is an address without holes, user information and fragment. Where it may lead is judged with the definition.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= URL_BYTES_MAX && !text.contains(['{', '}', '#']) && !text.contains(char::is_whitespace);
    let whole =
        |url: url::Url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none();
    plain && url::Url::parse(text).is_ok_and(whole)
}

/// Fills the holes of a value; `escaped` where flows read texts as templates of their own.
fn fill(value: &Value, chosen: &Map<String, Value>, escaped: bool) -> Value {
    match value {
        Value::String(text) => text_filled(text, chosen, escaped),
        Value::Array(items) => items.iter().map(|item| fill(item, chosen, escaped)).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let escaped = match name.as_str() {
                    "params" | "url" | "query" | "headers" | "body" => true,
                    "conditions" => false,
                    _ => escaped,
                };
                (name.clone(), fill(value, chosen, escaped))
            };
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

fn text_filled(text: &str, chosen: &Map<String, Value>, escaped: bool) -> Value {
    let plain = |text: &str| if escaped { text.replace("{{", "\\{{") } else { text.to_owned() };
    let alone = text.strip_prefix("%{").and_then(|rest| rest.strip_suffix('}')).and_then(|name| chosen.get(name));
    if let Some(value) = alone {
        return value.as_str().map_or_else(|| value.clone(), |text| plain(text).into());
    }
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("%{") {
        let Some((name, after)) = behind.split_once('}') else { break };
        filled.push_str(before);
        match chosen.get(name) {
            Some(Value::String(text)) => filled.push_str(&plain(text)),
            Some(value) => filled.push_str(&value.to_string()),
            None => {}
        }
        rest = after;
    }
    filled.push_str(rest);
    Value::String(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::flow::{compiled, read};
    use actors::ids::WorkspaceId;
    use actors::operation::Catalogue;
    use serde_json::json;

    fn chosen(template: &Template, text: &str) -> Map<String, Value> {
        let value = |kind| match kind {
            Kind::Text => json!(text),
            Kind::Flag => json!(true),
            Kind::Url => json!("https://hooks.example.com/services/T0/B0?key=x"),
            Kind::Secret => json!("GATEWAY_KEY"),
            _ => json!("5b641568b07987035750505e"),
        };
        // A text that has a default may be one of a kind, such as an event.
        let wanted = template.parameters.iter().filter(|parameter| parameter.kind != Kind::Text || parameter.required);
        wanted.map(|parameter| (parameter.name.clone(), value(parameter.kind))).collect()
    }

    #[test]
    fn every_file_is_a_template_whose_flow_can_run() {
        assert_eq!(all().len(), SHIPPED.len());
        let catalogue = Catalogue::read(include_bytes!("../manifests/operations.json")).unwrap();
        let workspace = WorkspaceId::parse("5b641568b07987035750505e").unwrap();
        for template in all() {
            let filled = template.filled(&chosen(template, "Some words")).unwrap();
            assert!(!filled.to_string().contains("%{"), "{filled}");
            let definition = read::definition(&filled).unwrap_or_else(|faults| panic!("{}: {faults:?}", template.id));
            compiled::check(&definition, workspace, &catalogue).unwrap_or_else(|faults| panic!("{}: {faults:?}", template.id));
            for parameter in &template.parameters {
                assert!(
                    template.definition.to_string().contains(&format!("%{{{}}}", parameter.name)),
                    "{} {}",
                    template.id,
                    parameter.name
                );
                assert_eq!(parameter.required, parameter.default.is_null());
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_no_template_of_the_flow() {
        let template = of("project-for-new-clients").unwrap();
        let filled = template.filled(json!({"suffix": "{{ $.webhook.id }}", "public": true}).as_object().unwrap()).unwrap();
        let body = &filled["actions"][0]["params"]["body"];
        assert_eq!((&body["name"], &body["isPublic"]), (&json!("{{ $.webhook.name }}: \\{{ $.webhook.id }}"), &json!(true)));
        let template = of("keep-a-tag").unwrap();
        let filled = template.filled(json!({"name": "a {{b"}).as_object().unwrap()).unwrap();
        assert_eq!(filled["conditions"]["rules"][0]["value"], "a {{b");
        assert_eq!(filled["actions"][0]["params"]["body"]["name"], "a \\{{b");
    }

    #[test]
    fn an_address_is_literal_and_what_stands_beside_it_is_no_template() {
        let template = of("send-mail").unwrap();
        let given = |url: &str| json!({"url": url, "secret": "KEY", "from": "{{ secret.OTHER }}", "to": "b@example.com"});
        let filled = template.filled(given("https://mail.example.com/send").as_object().unwrap()).unwrap();
        let action = &filled["actions"][0];
        assert_eq!(
            (&action["url"], &action["headers"]["Authorization"]),
            (&json!("https://mail.example.com/send"), &json!("Bearer {{ secret.KEY }}"))
        );
        assert_eq!(action["body"]["value"]["from"], "\\{{ secret.OTHER }}");
        let odd = [
            "",
            "mail.example.com",
            "ftp://a.example/",
            "https://",
            "https://u:p@a.example/",
            "https://{{ $.webhook.id }}/",
            "https://a.example/{{ $.a }}",
            "https://a.example/#b",
            "$.webhook.url",
        ];
        for url in odd {
            let faults = template.filled(given(url).as_object().unwrap()).unwrap_err();
            assert_eq!(
                faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect::<Vec<_>>(),
                [("parameters.url", "invalid_value")],
                "{url}"
            );
        }
        let mut named = given("https://mail.example.com/send");
        named["secret"] = json!("lower");
        assert_eq!(template.filled(named.as_object().unwrap()).unwrap_err()[0].field, "parameters.secret");
    }

    #[test]
    fn a_wrong_choice_is_named_by_its_parameter() {
        let template = of("tag-by-project").unwrap();
        let given = json!({"project_id": "x", "colour": "red"});
        let faults = template.filled(given.as_object().unwrap()).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        let expected =
            [("parameters.colour", "unknown_field"), ("parameters.project_id", "invalid_value"), ("parameters.tag_id", "required")];
        assert_eq!(found, expected);
        for text in [json!("$.webhook.id"), json!(1), json!("x".repeat(501))] {
            let faults = of("keep-a-tag").unwrap().filled(json!({ "name": text }).as_object().unwrap()).unwrap_err();
            assert_eq!(faults[0].field, "parameters.name");
        }
    }
}
