//! Warns of certificates that expire soon, have expired, or are not valid yet.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::x509::{Utc, Validity};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before its end a certificate is warned of. Those that are issued for 90 days are renewed 30 days before.
const SOON: Duration = DAY.saturating_mul(14);

/// When the log was last warned.
#[derive(Debug, Default)]
pub(super) struct Warned(Option<Instant>);

impl Warned {
    /// Whether it is a day ago, or never was: then it counts as done now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_none_or(|last| now >= last + DAY);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

/// What is wrong with the time of a certificate, if something is.
pub(super) fn problem(validity: Validity, now: SystemTime) -> Option<String> {
    let Validity { begins, ends } = validity;
    if let Ok(left) = begins.duration_since(now)
        && !left.is_zero()
    {
        return Some(format!("is not valid before {}: clients refuse it until then", Utc(begins)));
    }
    match ends.duration_since(now) {
        Err(_) => Some(format!("has expired on {}: clients refuse it", Utc(ends))),
        Ok(left) if left < SOON => {
            let days = match left.as_secs() / DAY.as_secs() {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            Some(format!("expires {days}, on {}: renew it", Utc(ends)))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_certificate_is_warned_of_from_fourteen_days_before_its_end() {
        let validity = Validity { begins: UNIX_EPOCH + 10 * DAY, ends: UNIX_EPOCH + 100 * DAY };
        let second = Duration::from_secs(1);
        for (now, expected) in [
            (
                10 * DAY - second,
                Some("is not valid before 1970-01-11 00:00:00 UTC: clients refuse it until then"),
            ),
            (10 * DAY, None),
            (86 * DAY, None),
            (86 * DAY + second, Some("expires in 13 days, on 1970-04-11 00:00:00 UTC: renew it")),
            (98 * DAY + second, Some("expires in 1 day, on 1970-04-11 00:00:00 UTC: renew it")),
            (100 * DAY, Some("expires in less than a day, on 1970-04-11 00:00:00 UTC: renew it")),
            (100 * DAY + second, Some("has expired on 1970-04-11 00:00:00 UTC: clients refuse it")),
        ] {
            assert_eq!(problem(validity, UNIX_EPOCH + now).as_deref(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_warning_is_repeated_after_a_day() {
        let mut warned = Warned::default();
        assert!(warned.is_due(Instant::now()));
        assert!(!warned.is_due(Instant::now()));
        tokio::time::advance(DAY - Duration::from_secs(1)).await;
        assert!(!warned.is_due(Instant::now()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(warned.is_due(Instant::now()));
    }
}
