//! The page's files, compiled in: plain ES modules and a style sheet, without a build step.
//!
//! They are served below one hash of all their contents, so that a browser may keep them for ever and modules find each other by relative names.
//! Compressed once, at the first request.

use std::io::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("ui/", $name)))),*] };
}

/// The page itself, with places for what is known only when it is served.
const INDEX: &str = include_str!("ui/index.html");

/// Every other file, by its name below the hash.
const FILES: &[(&str, &str)] = files![
    "style.css" "parts.css"
    "main.js" "opening.js" "session.js" "embedding.js" "api.js" "i18n.js" "time.js" "dom.js" "parts.js" "json.js" "live.js" "chart.js"
    "explanations.js" "dashboard.js" "events.js" "runs.js" "flows.js" "templates.js" "editor.js" "conditions.js" "actions.js" "values.js" "picker.js" "catalogue.js"
    "explorer.js" "entities.js" "sources.js" "subscriptions.js" "secrets.js" "activity.js" "settings.js"
    "texts/en.js" "texts/de.js" "texts/es.js" "texts/fr.js" "texts/pt.js" "texts/pl.js"
    "said/en.js" "said/de.js" "said/es.js" "said/fr.js" "said/pt.js" "said/pl.js"
];

/// Modules of the first page, those before all others with which its data are asked for: all are sought at once, and no other one beside them.
const FIRST: [&str; 13] = [
    "opening.js",
    "api.js",
    "session.js",
    "embedding.js",
    "i18n.js",
    "main.js",
    "dashboard.js",
    "parts.js",
    "dom.js",
    "explanations.js",
    "time.js",
    "chart.js",
    "live.js",
];

/// Digits of the hash that stand in a path.
const HASH_DIGITS: usize = 16;

/// A file as it is sent.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its media type.
    pub media: &'static str,
    /// As it is.
    pub plain: Bytes,
    /// With gzip.
    pub gzip: Bytes,
}

/// All files, ready to be sent.
struct Packed {
    hash: String,
    files: Vec<(&'static str, Asset)>,
}

static PACKED: LazyLock<Packed> = LazyLock::new(|| {
    let mut context = digest::Context::new(&digest::SHA256);
    for (name, text) in FILES {
        for part in [name, text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    let hash: String =
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(HASH_DIGITS).collect();
    let files = FILES.iter().map(|&(name, text)| (name, packed(name, text)));
    Packed { hash, files: files.collect() }
});

fn packed(name: &str, text: &'static str) -> Asset {
    let media = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    Asset { media, plain: Bytes::from_static(text.as_bytes()), gzip: compressed(text.as_bytes()) }
}

/// Writing into memory does not fail; if it did, nothing would be offered compressed.
fn compressed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.map(Bytes::from).unwrap_or_default()
}

/// What stands in the paths of this build's files.
pub fn hash() -> &'static str {
    &PACKED.hash
}

/// A file, if the hash is that of this build.
pub fn asset(hash: &str, name: &str) -> Option<&'static Asset> {
    let packed = &*PACKED;
    packed.files.iter().find(|(known, _)| *known == name && hash == packed.hash).map(|(_, asset)| asset)
}

/// Names of all files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The page, with its files at `below` (relative to where it is opened) and the origins that may embed it.
pub fn index(below: &str, embedding: &str) -> String {
    let at = format!("{below}/assets/{}", PACKED.hash);
    let preload: String = FIRST.iter().map(|name| format!("<link rel=\"modulepreload\" href=\"{at}/{name}\">\n")).collect();
    INDEX.replace("{{preload}}\n", &preload).replace("{{at}}", &at).replace("{{below}}", below).replace("{{embedding}}", embedding)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// What a viewer of each language loads at the most: every page, the first one among them, and the texts.
    #[test]
    fn scripts_and_styles_stay_below_a_hundred_kilobytes_over_the_wire_in_every_language() {
        let size = |chosen: &dyn Fn(&str) -> bool| -> usize {
            PACKED.files.iter().filter(|(name, _)| chosen(name)).map(|(_, asset)| asset.gzip.len()).sum()
        };
        for language in ["en", "de", "es", "fr", "pt", "pl"] {
            let texts = size(&|name| name.ends_with(&format!("/{language}.js")));
            let first = texts + size(&|name| FIRST.contains(&name) || name.ends_with(".css"));
            let all = texts + size(&|name| !name.contains('/'));
            println!("{language}: {first} bytes for the first page, {all} bytes for all of them");
            assert!(texts > 0 && first < all && all < 100_000, "{language}: {all} bytes");
        }
    }

    /// The modules that one imports at once, and not only when it wants them.
    fn imported(name: &str) -> Vec<String> {
        let (_, text) = FILES.iter().find(|(known, _)| *known == name).unwrap();
        let from = |line: &str| Some(line.strip_prefix("import ")?.split_once("from './")?.1.split_once('\'')?.0.to_owned());
        text.lines().filter_map(from).collect()
    }

    /// One that is missing there is found only when the one that imports it has come; one too many takes the way of those that are needed.
    #[test]
    fn what_the_first_page_imports_is_preloaded_and_nothing_else() {
        let mut needed = vec!["opening.js".to_owned(), "main.js".to_owned(), "dashboard.js".to_owned()];
        let mut at = 0;
        while let Some(name) = needed.get(at) {
            for other in imported(name) {
                if !needed.contains(&other) {
                    needed.push(other);
                }
            }
            at += 1;
        }
        needed.sort();
        let mut listed = FIRST.to_vec();
        listed.sort_unstable();
        assert_eq!(listed, needed);
    }

    #[test]
    fn no_file_is_forgotten() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui");
        let found = |folder: &str| -> Vec<String> {
            let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap());
            entries.filter(|entry| entry.path().is_file()).map(|entry| format!("{folder}{}", entry.file_name().to_string_lossy())).collect()
        };
        let mut there = [found(""), found("texts/"), found("said/")].concat();
        let mut listed: Vec<String> = names().map(str::to_owned).chain(["index.html".to_owned()]).collect();
        there.sort();
        listed.sort();
        assert_eq!(there, listed);
    }

    #[test]
    fn no_script_makes_markup_or_code_of_a_text() {
        let banned = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "localStorage",
            "sessionStorage",
            "document.cookie",
        ];
        for (name, text) in FILES {
            assert!(banned.iter().all(|word| !text.contains(word)), "{name}");
        }
    }

    #[test]
    fn a_compressed_file_is_the_file() {
        for (name, asset) in &PACKED.files {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(asset.gzip.as_ref()).read_to_end(&mut text).unwrap();
            assert_eq!(text, asset.plain.as_ref(), "{name}");
        }
    }

    #[test]
    fn the_page_has_no_place_left_open_and_no_code_of_its_own() {
        let page = index("ui", "https://*.clockify.me");
        assert!(!page.contains("{{"), "{page}");
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" on"), "{page}");
        assert!(page.split("<script").skip(1).all(|script| script.split('>').next().unwrap().contains(" src=")), "{page}");
        assert!(asset("0000000000000000", "main.js").is_none());
    }
}
