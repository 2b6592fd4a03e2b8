//! What Postgres' errors mean for those who asked (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use actors::port::store::Error;

use super::Failure;

/// What an SQLSTATE means.
pub(in super::super) fn meaning(code: &str, message: &str) -> Failure {
    let unavailable = || Error::Unavailable(format!("{message} ({code})"));
    let class = code.get(..2).unwrap_or_default();
    match (class, code) {
        // A deadlock, a lock that was not to be had in time, a statement that took too long.
        ("40", _) | (_, "55P03" | "57014") => Failure::Not(Error::Busy),
        ("53", _) => Failure::Not(unavailable()),
        ("XX", "XX001" | "XX002") => Failure::Lost(Error::Unreadable(message.to_owned())),
        // Connections that end or were not let in, a server that shuts down, one that has become a standby and only reads.
        ("08" | "28" | "3D" | "57" | "58" | "XX", _) | (_, "25006" | "25P03" | "25P04") => Failure::Lost(unavailable()),
        _ => Failure::Refused(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_what_can_be_done_about_them() {
        for code in ["40001", "40P01", "55P03", "57014"] {
            assert_eq!(meaning(code, "m"), Failure::Not(Error::Busy), "{code}");
        }
        for code in ["53100", "53300"] {
            assert!(matches!(meaning(code, "m"), Failure::Not(Error::Unavailable(_))), "{code}");
        }
        for code in ["57P01", "57P03", "08006", "25006", "28P01", "3D000", "XX000", "25P03"] {
            assert!(matches!(meaning(code, "m"), Failure::Lost(Error::Unavailable(_))), "{code}");
        }
        for code in ["22021", "23505", "42P01", "P0001", ""] {
            assert_eq!(meaning(code, "m"), Failure::Refused("m".into()), "{code}");
        }
    }
}
