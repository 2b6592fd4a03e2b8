//! The catalogue of the platform's operations: the one that is shipped, or what an operator's newer description of the API says.
//!
//! `manifests/operations.json` is made by [`mod@derive`] from an official OpenAPI file and `manifests/words.toml`, which holds what this project says
//! itself; the same code reads the file that `CLOCKIFY_OPENAPI_PATH` names. Facts are taken over, the official texts never are.

pub mod derive;
mod schema;
mod words;

use std::io;
use std::path::{Path, PathBuf};

use actors::limits::catalogue as limits;
use actors::operation::{Catalogue, Operation, Unusable};

/// The operations that are compiled in.
const SHIPPED: &[u8] = include_bytes!("../../manifests/operations.json");

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The shipped one is broken.
    #[error("the catalogue of operations cannot be read")]
    Shipped(#[source] Unusable),
    /// The operator's file is not there or too large.
    #[error("CLOCKIFY_OPENAPI_PATH: {0} cannot be read")]
    File(PathBuf, #[source] io::Error),
    /// The operator's file is no description of the API.
    #[error("CLOCKIFY_OPENAPI_PATH: {0} cannot be used")]
    Description(PathBuf, #[source] derive::Unusable),
}

/// The shipped catalogue.
///
/// # Errors
///
/// [`Error::Shipped`], which a test excludes.
pub fn shipped() -> Result<Catalogue, Error> {
    Catalogue::read(SHIPPED).map_err(Error::Shipped)
}

/// The catalogue that the service works with: the shipped one, or what the OpenAPI file at `path` describes.
///
/// # Errors
///
/// Every one of [`Error`]; those of the file name it.
pub fn load(path: Option<&Path>) -> Result<Catalogue, Error> {
    let Some(path) = path else { return shipped() };
    let unreadable = |error| Error::File(path.to_owned(), error);
    if std::fs::metadata(path).map_err(unreadable)?.len() > limits::DESCRIPTION_BYTES_MAX {
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, "more than the bound of a description")));
    }
    let unusable = |error| Error::Description(path.to_owned(), error);
    let operations = derive::operations(&std::fs::read(path).map_err(unreadable)?).map_err(unusable)?;
    Catalogue::new(operations).map_err(|error| unusable(error.into()))
}

/// Operations as `manifests/operations.json` holds them: a JSON list, each on a line of its own.
///
/// # Errors
///
/// Never, in practice: every operation can be written.
pub fn written(operations: &[Operation]) -> Result<String, serde_json::Error> {
    let lines: Vec<String> = operations.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests;
