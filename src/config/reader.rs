//! Looks values up, process environment before `.env` before default; gathers every fault and remembers where each value came from.

use std::collections::BTreeMap;
use std::fmt;

use actors::secret::Secret;

use super::Invalid;

/// Where a value came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The environment of the process.
    Environment,
    /// The `.env` file.
    File,
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::File => ".env",
            Self::Default => "default",
        })
    }
}

/// A variable as it took effect, fit to be shown: secrets are not in it (I7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The variable's name; of several that mean the same, the one that was set.
    pub name: &'static str,
    /// Its value; `None` where there is none.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// How a value may be shown.
type Show = fn(&str) -> String;

pub(super) struct Reader<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    file: BTreeMap<String, String>,
    pub(super) faults: Vec<Invalid>,
    pub(super) shown: Vec<Shown>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a dyn Fn(&str) -> Option<String>, file: Option<&str>) -> Self {
        let mut faults = Vec::new();
        let file = file.map(|text| super::dotenv::read(text, &mut faults)).unwrap_or_default();
        Self { environment, file, faults, shown: Vec::new() }
    }

    /// The first of `names` that is set. One that is empty counts as not set: that is how compose files pass on what they have not.
    fn find(&self, names: &[&'static str]) -> Option<(&'static str, String, Origin)> {
        let set = |value: Option<String>| value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        names.iter().find_map(|&name| {
            let environment = set((self.environment)(name)).map(|value| (name, value, Origin::Environment));
            environment.or_else(|| set(self.file.get(name).cloned()).map(|value| (name, value, Origin::File)))
        })
    }

    fn fault(&mut self, name: &str, problem: String) {
        // What several add-ons share is read for each of them.
        let fault = Invalid { name: name.to_owned(), problem };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn show(&mut self, shown: Shown) {
        if !self.shown.contains(&shown) {
            self.shown.push(shown);
        }
    }

    fn take<T>(
        &mut self,
        names: &[&'static str],
        default: Option<&str>,
        show: Show,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let found = self.find(names);
        let (name, text, origin) = match (found, names.first()) {
            (Some(found), _) => found,
            (None, Some(&name)) => match default {
                Some(default) => (name, default.to_owned(), Origin::Default),
                None => {
                    self.show(Shown { name, value: None, origin: Origin::Default });
                    return None;
                }
            },
            (None, None) => return None,
        };
        self.show(Shown { name, value: Some(show(&text)), origin });
        parse(&text).map_err(|problem| self.fault(name, problem)).ok()
    }

    /// A value that always is there. `None` after a fault.
    pub(super) fn value<T>(&mut self, names: &[&'static str], default: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.take(names, Some(default), str::to_owned, parse)
    }

    /// A value that need not be there. `None` where it is not, and after a fault.
    pub(super) fn optional<T>(&mut self, names: &[&'static str], parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.take(names, None, str::to_owned, parse)
    }

    /// A value that is shown in a form of its own.
    pub(super) fn shown_as<T>(
        &mut self,
        names: &[&'static str],
        default: &str,
        show: Show,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.take(names, Some(default), show, parse)
    }

    /// A secret that need not be there.
    pub(super) fn secret(&mut self, names: &[&'static str], check: impl FnOnce(&str) -> Result<(), String>) -> Option<Secret> {
        self.take(names, None, |_| "[secret]".to_owned(), |text| check(text).map(|()| Secret::new(text)))
    }

    /// A fault that lies between variables.
    pub(super) fn refuse(&mut self, name: &str, problem: &str) {
        self.fault(name, problem.to_owned());
    }
}
