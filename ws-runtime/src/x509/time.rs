//! Times of certificates (RFC 5280, section 4.1.2.5), and dates for the log.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::der::{Element, GENERALIZED_TIME, UTC_TIME};

const DAY: i64 = 24 * 60 * 60;

/// Reads a time: `UTCTime` up to the year 2049, `GeneralizedTime` from then on.
pub(super) fn read(element: Element<'_>) -> Option<SystemTime> {
    let digits = element.content.strip_suffix(b"Z")?;
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let mut fields = rest.chunks_exact(2).map(number);
    let mut next =
        |allowed: std::ops::RangeInclusive<i64>| fields.next()?.filter(|field| allowed.contains(field));
    let (month, day) = (next(1..=12)?, next(1..=31)?);
    let (hour, minute, second) = (next(0..=23)?, next(0..=59)?, next(0..=59)?);
    if rest.len() != 10 || day > days_in_month(year, month) {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let apart = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(apart) } else { UNIX_EPOCH.checked_add(apart) }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next, 1) - days_from_civil(year, month, 1)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that a leap day is
/// the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that is so many days after 1970-01-01: year, month and day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// A time as it is logged, by UTC: `2026-12-01 10:00:00 UTC`.
pub(crate) struct Utc(pub(crate) SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = match self.0.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
        };
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(tag: u8, text: &str) -> Option<String> {
        read(Element { tag, content: text.as_bytes() }).map(|time| Utc(time).to_string())
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        for (tag, text, expected) in [
            (UTC_TIME, "260102030405Z", "2026-01-02 03:04:05 UTC"),
            (UTC_TIME, "491231235959Z", "2049-12-31 23:59:59 UTC"),
            (UTC_TIME, "500101000000Z", "1950-01-01 00:00:00 UTC"),
            (UTC_TIME, "700101000000Z", "1970-01-01 00:00:00 UTC"),
            (GENERALIZED_TIME, "20000229000000Z", "2000-02-29 00:00:00 UTC"),
            (GENERALIZED_TIME, "20500101000000Z", "2050-01-01 00:00:00 UTC"),
            // For certificates that never expire (RFC 5280, section 4.1.2.5).
            (GENERALIZED_TIME, "99991231235959Z", "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(shown(tag, text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for (tag, text) in [
            (UTC_TIME, ""),
            (UTC_TIME, "Z"),
            (UTC_TIME, "260102030405"),
            (UTC_TIME, "260102030405+0100Z"),
            (UTC_TIME, "2601020304Z"),
            (UTC_TIME, "26010203040567Z"),
            (UTC_TIME, "2601020304 5Z"),
            (UTC_TIME, "261302030405Z"),
            (UTC_TIME, "260002030405Z"),
            (UTC_TIME, "260102240405Z"),
            (UTC_TIME, "260102036005Z"),
            (GENERALIZED_TIME, "20230229000000Z"),
            (GENERALIZED_TIME, "21000229000000Z"),
            (GENERALIZED_TIME, "20230431000000Z"),
            (GENERALIZED_TIME, "20230101000000.5Z"),
            (0x0C, "260102030405Z"),
        ] {
            assert_eq!(shown(tag, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_and_dates_convert_both_ways(days in -1_000_000_i64..4_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert!((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day));
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn any_bytes_are_read_as_a_time_without_a_panic(
            tag in UTC_TIME..=GENERALIZED_TIME, text in "[0-9Z]{0,16}"
        ) {
            if let Some(shown) = shown(tag, &text) {
                let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(digits + "Z", if tag == UTC_TIME { [&shown[..2], &text].concat() } else { text });
            }
        }
    }
}
