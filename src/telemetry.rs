//! Logs: one line for each record, as a JSON object or as text, on standard error; and a hook that logs and counts panics.
//!
//! Texts are escaped, so a record is one line whatever stands in it. Crates that are not ours say warnings alone, and never more than `info`:
//! their finer levels print heads of requests (I7). Nothing here decides what may be logged; [`actors::secret::Secret`] does.

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicU64, Ordering};

use actors::clock::{Clock, SystemClock};
use env_logger::fmt::Formatter;
use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, Value as Json};

/// How a record is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `{"ts": …, "level": …, "target": …, "message": …, …}`.
    Json,
    /// For people.
    Text,
}

/// Crates whose every level is ours to choose.
const OWN: [&str; 2] = ["clockify_addons", "actors"];

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Starts logging, and logs panics from now on. Does nothing where a logger is set already, as in tests.
pub fn start(level: LevelFilter, format: Format) {
    let mut builder = env_logger::Builder::new();
    let others = if level >= LevelFilter::Debug { LevelFilter::Info } else { LevelFilter::Warn };
    builder.filter_level(level.min(others));
    for own in OWN {
        builder.filter_module(own, level);
    }
    builder.format(move |out, record| match format {
        Format::Json => write_json(out, record),
        Format::Text => write_text(out, record),
    });
    if builder.try_init().is_ok() {
        std::panic::set_hook(Box::new(note_panic));
    }
}

/// How many panics there were since the start.
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

fn note_panic(info: &PanicHookInfo<'_>) {
    PANICS.fetch_add(1, Ordering::Relaxed);
    let payload = info.payload();
    let words = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    log::error!(place, thread = thread.name().unwrap_or("unnamed"); "panic: {}", words.unwrap_or("no message"));
}

fn write_json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut line = Map::new();
    line.insert("ts".into(), SystemClock::new().now().to_string().into());
    line.insert("level".into(), record.level().as_str().into());
    line.insert("target".into(), record.target().into());
    line.insert("message".into(), record.args().to_string().into());
    let _ = record.key_values().visit(&mut Fields(&mut line));
    serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

fn write_text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (time, level, target) = (SystemClock::new().now(), record.level(), record.target());
    write!(out, "{time} {level:<5} {target}: {}", on_one_line(&record.args().to_string()))?;
    let mut fields = Map::new();
    let _ = record.key_values().visit(&mut Fields(&mut fields));
    for (name, value) in fields {
        write!(out, " {name}={value}")?;
    }
    out.write_all(b"\n")
}

/// A text whose control characters are written out.
fn on_one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_debug());
        } else {
            line.push(c);
        }
        line
    })
}

/// Gathers a record's fields. One that is named like a part of the line itself gets an underscore.
struct Fields<'a>(&'a mut Map<String, Json>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut name = key.to_string();
        while self.0.contains_key(&name) {
            name.push('_');
        }
        self.0.insert(name, json(&value));
        Ok(())
    }
}

fn json(value: &Value<'_>) -> Json {
    if let Some(number) = value.to_i64() {
        return number.into();
    }
    if let Some(number) = value.to_u64() {
        return number.into();
    }
    if let Some(number) = value.to_f64() {
        return number.into();
    }
    if let Some(flag) = value.to_bool() {
        return flag.into();
    }
    value.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: fn(&mut Formatter, &Record<'_>) -> io::Result<()>, record: &Record<'_>) -> String {
        let sink = Sink::default();
        let logger = env_logger::Builder::new()
            .filter_level(LevelFilter::Trace)
            .format(format)
            .target(env_logger::Target::Pipe(Box::new(sink.clone())))
            .build();
        log::Log::log(&logger, record);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_record_is_one_json_object_on_one_line_whatever_stands_in_it() {
        let fields = [("workspace", Value::from("a\"b\nc")), ("count", Value::from(3)), ("level", Value::from(true))];
        let text = "first\nsecond \u{1b}[31m \"quoted\"";
        let line = written(
            write_json,
            &Record::builder().level(log::Level::Warn).target("t").args(format_args!("{text}")).key_values(&fields).build(),
        );
        assert_eq!(line.matches('\n').count(), 1);
        let value: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(value["message"], text);
        assert_eq!((&value["level"], &value["target"]), (&"WARN".into(), &"t".into()));
        assert_eq!((&value["workspace"], &value["count"], &value["level_"]), (&"a\"b\nc".into(), &3.into(), &true.into()));
        assert!(actors::clock::Timestamp::parse(value["ts"].as_str().unwrap()).is_some());
    }

    #[test]
    fn text_for_people_is_one_line_too() {
        let fields = [("workspace", Value::from("w\nx"))];
        let line = written(
            write_text,
            &Record::builder().level(log::Level::Info).target("t").args(format_args!("a\n\"b\"")).key_values(&fields).build(),
        );
        assert!(line.ends_with("INFO  t: a\\n\"b\" workspace=\"w\\nx\"\n"), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
