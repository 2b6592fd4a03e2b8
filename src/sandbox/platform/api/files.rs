//! What the simulated API answers with a file: receipts and invoices.

use super::super::answer::{Outcome, Reply};
use super::super::call::Scene;
use super::super::workspace::Shelf;

/// A picture of one white dot.
const DOT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\xb18\xf6\x14\x00\x00\x00\x00IEND\xaeB`\x82";
/// A document of one empty page.
const PAGE: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// The receipt of an expense.
pub fn receipt(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Expenses, "expenseId")?;
    Ok(Reply { status: 200, file: Some(("image/png", DOT)), ..Reply::empty() })
}

/// An invoice to print.
pub fn invoice(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Invoices, "invoiceId")?;
    Ok(Reply { status: 200, file: Some(("application/pdf", PAGE)), ..Reply::empty() })
}
