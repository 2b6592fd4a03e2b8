//! An add-on installed in a workspace, and the rule that decides which lifecycle call still counts.
//!
//! The platform repeats calls, sends them late and in any order around a reinstall; [`Mark::judge`] is the one place that
//! tells a first call from a repeated and from an overtaken one. Stores apply it inside the transaction that writes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{AddonId, Key};
use crate::port::clockify::ApiUrls;
use crate::secret::Secret;

/// SHA-256 of a token: all that is kept of webhook tokens and of lifecycle proofs.
pub type TokenHash = [u8; 32];

/// Whether the platform lets the add-on act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Events are accepted and flows run.
    Active,
    /// Data is kept, nothing is done on the platform.
    Inactive,
}

/// Whether the installation token still works.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Health {
    /// As far as known, it does.
    Sound,
    /// The platform refuses the token for good (401, code 4017): runs are parked until a reinstall.
    Broken {
        /// Since when.
        since: Timestamp,
        /// In words for the workspace's admin.
        reason: String,
    },
}

/// The token that the platform sends with every delivery to one path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookToken {
    /// Path with single slashes, as in the manifest.
    pub path: String,
    /// SHA-256 of the token.
    pub hash: TokenHash,
}

/// Everything that is known of one installation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installation {
    /// Add-on and workspace.
    pub key: Key,
    /// Which installation of the add-on in that workspace.
    pub addon_id: AddonId,
    /// The platform's user that the add-on acts as.
    pub addon_user: Option<String>,
    /// Who installed it.
    pub as_user: Option<String>,
    /// Base URLs, from the verified installation token.
    pub urls: ApiUrls,
    /// The installation token.
    pub token: Secret,
    /// Tokens by path.
    pub webhooks: Arc<[WebhookToken]>,
    /// As STATUS_CHANGED left it.
    pub status: Status,
    /// As calls to the platform left it.
    pub health: Health,
    /// Values by setting id, as SETTINGS_UPDATED sent them.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// When this installation came.
    pub installed_at: Timestamp,
    /// When a lifecycle call last changed it.
    pub updated_at: Timestamp,
}

/// What a lifecycle call wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// INSTALLED.
    Install,
    /// DELETED.
    Delete,
    /// STATUS_CHANGED.
    Status,
    /// SETTINGS_UPDATED.
    Settings,
}

/// The verified token that came with a lifecycle call, as far as order and repetition go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proof {
    /// SHA-256 of the lifecycle token.
    pub hash: TokenHash,
    /// Its `iat`, if it has one.
    pub issued_at: Option<Timestamp>,
}

/// What is remembered of the lifecycle calls of one key. It outlives the installation, so that an old INSTALLED cannot be played again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Mark {
    /// The installation that the last INSTALLED brought.
    pub addon_id: Option<AddonId>,
    /// Whether that installation has been deleted.
    pub deleted: bool,
    /// `iat` of the last accepted call of any kind for it.
    pub install_at: Option<Timestamp>,
    /// `iat` of the last STATUS_CHANGED.
    pub status_at: Option<Timestamp>,
    /// `iat` of the last SETTINGS_UPDATED.
    pub settings_at: Option<Timestamp>,
    /// Hash of the last INSTALLED's token, hexadecimal.
    pub install_hash: Option<String>,
    /// `iat` of the DELETED that ended it.
    pub delete_at: Option<Timestamp>,
}

/// What becomes of a lifecycle call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Do it.
    Apply,
    /// The very same call was done already: answer well, change nothing.
    Repeated,
    /// Not about an installation that exists: answer well, change nothing.
    Absent,
    /// A newer call has been accepted, or this one is being played again: refuse.
    Superseded,
}

impl Mark {
    /// Judges a call against what is remembered. `None` is a key that was never seen.
    pub fn judge(mark: Option<&Self>, step: Step, addon_id: AddonId, proof: Proof) -> Verdict {
        let Some(mark) = mark else {
            return if step == Step::Install { Verdict::Apply } else { Verdict::Absent };
        };
        let older = |than: Option<Timestamp>| matches!((proof.issued_at, than), (Some(this), Some(that)) if this < that);
        let same_install = mark.install_hash.as_deref() == Some(hex(&proof.hash).as_str());
        match step {
            Step::Install if same_install && !mark.deleted => Verdict::Repeated,
            Step::Install if same_install || older(mark.install_at) || older(mark.delete_at) => Verdict::Superseded,
            Step::Install => Verdict::Apply,
            _ if mark.addon_id != Some(addon_id) || mark.deleted => Verdict::Absent,
            _ if older(mark.install_at) => Verdict::Superseded,
            Step::Status if older(mark.status_at) => Verdict::Superseded,
            Step::Settings if older(mark.settings_at) => Verdict::Superseded,
            Step::Delete | Step::Status | Step::Settings => Verdict::Apply,
        }
    }

    /// What to remember once the call has been applied.
    pub fn after(mark: Option<&Self>, step: Step, addon_id: AddonId, proof: Proof) -> Self {
        let mut next = mark.cloned().unwrap_or_default();
        match step {
            Step::Install => {
                next = Self {
                    addon_id: Some(addon_id),
                    install_at: proof.issued_at.or(next.install_at),
                    install_hash: Some(hex(&proof.hash)),
                    delete_at: next.delete_at,
                    ..Self::default()
                }
            }
            Step::Delete => {
                next.deleted = true;
                next.delete_at = proof.issued_at;
            }
            Step::Status => next.status_at = proof.issued_at.or(next.status_at),
            Step::Settings => next.settings_at = proof.issued_at.or(next.settings_at),
        }
        next
    }
}

/// Lower-case hexadecimal digits of a hash.
pub fn hex(hash: &TokenHash) -> String {
    use std::fmt::Write;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares two hashes in a time that does not depend on where they differ.
pub fn same_hash(a: &TokenHash, b: &TokenHash) -> bool {
    a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: char) -> AddonId {
        AddonId::parse(&format!("5b641568b0798703575050{last}{last}")).unwrap()
    }

    fn proof(hash: u8, at: Option<i64>) -> Proof {
        Proof { hash: [hash; 32], issued_at: at.map(Timestamp::from_seconds) }
    }

    fn apply(mark: Option<Mark>, step: Step, addon_id: AddonId, proof: Proof) -> Mark {
        assert_eq!(Mark::judge(mark.as_ref(), step, addon_id, proof), Verdict::Apply, "{step:?}");
        Mark::after(mark.as_ref(), step, addon_id, proof)
    }

    #[test]
    fn an_install_that_is_sent_again_is_answered_and_changes_nothing() {
        let mark = apply(None, Step::Install, id('1'), proof(1, Some(100)));
        assert_eq!(Mark::judge(Some(&mark), Step::Install, id('1'), proof(1, Some(100))), Verdict::Repeated);
    }

    #[test]
    fn an_old_install_played_after_a_reinstall_or_a_delete_is_refused() {
        let first = apply(None, Step::Install, id('1'), proof(1, Some(100)));
        let second = apply(Some(first), Step::Install, id('2'), proof(2, Some(200)));
        assert_eq!(Mark::judge(Some(&second), Step::Install, id('1'), proof(1, Some(100))), Verdict::Superseded);
        let gone = apply(Some(second), Step::Delete, id('2'), proof(3, Some(300)));
        assert_eq!(Mark::judge(Some(&gone), Step::Install, id('2'), proof(2, Some(200))), Verdict::Superseded);
        assert_eq!(Mark::judge(Some(&gone), Step::Install, id('1'), proof(1, Some(100))), Verdict::Superseded);
        apply(Some(gone), Step::Install, id('3'), proof(4, Some(301)));
    }

    #[test]
    fn without_issue_times_the_same_token_cannot_install_twice_around_a_delete() {
        let mark = apply(None, Step::Install, id('1'), proof(1, None));
        let gone = apply(Some(mark), Step::Delete, id('1'), proof(2, None));
        assert_eq!(Mark::judge(Some(&gone), Step::Install, id('1'), proof(1, None)), Verdict::Superseded);
        apply(Some(gone), Step::Install, id('1'), proof(3, None));
    }

    #[test]
    fn a_late_delete_of_the_former_installation_leaves_the_present_one() {
        let first = apply(None, Step::Install, id('1'), proof(1, Some(100)));
        let second = apply(Some(first), Step::Install, id('2'), proof(2, Some(200)));
        assert_eq!(Mark::judge(Some(&second), Step::Delete, id('1'), proof(3, Some(201))), Verdict::Absent);
    }

    #[test]
    fn the_newest_status_wins_whatever_the_order_of_arrival() {
        let mark = apply(None, Step::Install, id('1'), proof(1, Some(100)));
        let newest = apply(Some(mark), Step::Status, id('1'), proof(2, Some(300)));
        assert_eq!(Mark::judge(Some(&newest), Step::Status, id('1'), proof(3, Some(200))), Verdict::Superseded);
        apply(Some(newest), Step::Settings, id('1'), proof(4, Some(250)));
    }

    #[test]
    fn deleting_or_changing_what_was_never_installed_is_answered_and_creates_nothing() {
        for step in [Step::Delete, Step::Status, Step::Settings] {
            assert_eq!(Mark::judge(None, step, id('1'), proof(1, None)), Verdict::Absent);
        }
    }
}
