//! Floods (A2): eight peers each send as fast as the server takes it. How they are run is in `modes/flood`.

use std::time::Duration;

use super::scene::Stage;
use super::sheet::{Form, Sheet};
use crate::args::Transport;
use crate::error::Result;
use crate::modes::flood::{Attack, Flood};
use crate::report::time;

/// RFC 6455 section 7.4.1: policy violation.
const POLICY: u16 = 1008;

const RATIO: f64 = 2.0;

/// What is illegal is cut off at once.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Some pings are legal, and so many are not.
const SOON: Duration = Duration::from_secs(2);

/// A flood is over before honest clients notice.
const HONEST: Duration = Duration::from_millis(10);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let server = Stage::new(threads, Transport::Tcp)?.start()?;
    let flood = Flood {
        attacks: Vec::new(),
        time: form.pick(Duration::from_secs(3), Duration::from_millis(400)),
        reconnect: false,
    };
    let attacks: &[Attack] = match form {
        Form::Full => {
            &[Attack::EmptyFragments, Attack::TinyFragments, Attack::Pings, Attack::Empty, Attack::Unread]
        }
        Form::Short => &[Attack::EmptyFragments, Attack::TinyFragments, Attack::Pings, Attack::Empty],
    };
    for attack in attacks {
        let flooded = flood.one(&server, *attack)?;
        let title = attack.title();
        let cut = match attack {
            Attack::EmptyFragments | Attack::TinyFragments => Some(form.pick(AT_ONCE, 10 * AT_ONCE)),
            Attack::Pings => Some(SOON),
            Attack::Empty | Attack::Unread | Attack::Crowd | Attack::Bombs => None,
        };
        match cut {
            Some(goal) => {
                let policy = flooded.ends.with(Some(POLICY));
                sheet.exactly(format!("{title}: cut off with {POLICY}"), policy, flooded.ends.attackers);
                sheet.time_at_most(format!("{title}: the last one after"), flooded.ends.last, goal);
            }
            None => sheet.note(format!("{title}: {}", flooded.ends)),
        }
        // Legal messages take their share of the processors, which honest clients feel; but they are not kept waiting.
        let (ratio, goal) = match attack {
            Attack::EmptyFragments | Attack::TinyFragments => (RATIO, HONEST / 2),
            Attack::Empty | Attack::Pings | Attack::Unread | Attack::Crowd | Attack::Bombs => {
                (f64::INFINITY, HONEST)
            }
        };
        sheet.honest(title, flooded.rest, &flooded.attacked, ratio, goal);
    }
    sheet.note(format!("each flood lasts {}", time(flood.time)));
    Ok(())
}
