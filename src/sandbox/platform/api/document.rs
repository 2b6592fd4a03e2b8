//! A document of one page with a few lines: the least that a reader of PDF opens.

use std::fmt::Write;

use bytes::Bytes;

/// Lines of text as PDF. What is not printable ASCII becomes a question mark.
pub fn pdf(lines: &[String]) -> Bytes {
    let mut page = String::from("BT /F1 14 Tf 20 TL 72 720 Td");
    for line in lines {
        let plain: String = line.chars().map(|c| if c == ' ' || c.is_ascii_graphic() && !"()\\".contains(c) { c } else { '?' }).collect();
        let _ = write!(page, " ({plain}) Tj T*");
    }
    page.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let (mut file, mut places) = (String::from("%PDF-1.4\n"), String::new());
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(places, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{} 0 obj\n{object}\nendobj", index + 1);
    }
    let start = file.len();
    let count = objects.len() + 1;
    let _ =
        writeln!(file, "xref\n0 {count}\n0000000000 65535 f \n{places}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF");
    Bytes::from(file)
}
