//! What was possible at all: when a message could have arrived over given contacts, by
//! whatever way, if nothing took any time; and what simpler rules of passing on would have
//! reached.
//!
//! **Boundary:** NO-INVERSE-CRIME. Nothing of the protocol is used here.

use crate::fleet::Contact;
use std::collections::BTreeSet;

/// A message that wants to go from one node to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errand {
    /// Where it is.
    pub from: usize,
    /// Where it should be.
    pub to: usize,
    /// When it was written, seconds from the beginning.
    pub at_s: f64,
}

/// How messages are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// To everybody who is met: nothing is faster (Vahdat and Becker 2000, without bounds).
    Everybody,
    /// Only from its writer to its reader.
    Direct,
    /// So many copies, half of what is left to each who is met; the last waits for its
    /// reader (binary spray and wait, Spyropoulos et al. 2005).
    Spray(u32),
}

/// When a message arrives over some contacts, if it does.
///
/// A label-setting search over time-respecting paths (Kempe et al. 2002): whoever holds the
/// message at `t` can hand it over in each contact that has not ended, at the later of `t`
/// and the beginning of the contact.
pub fn arrival(contacts: &[Contact], errand: Errand, rule: Rule) -> Option<f64> {
    let nodes = contacts.iter().map(|c| c.b + 1).max().unwrap_or(0);
    let mut copies = vec![0_u32; nodes.max(errand.from + 1).max(errand.to + 1)];
    copies[errand.from] = match rule {
        Rule::Everybody => u32::MAX,
        Rule::Direct => 1,
        Rule::Spray(copies) => copies,
    };
    let mut chances = BTreeSet::new();
    look_ahead(contacts, errand.from, errand.at_s, &mut chances);
    while let Some((at, index, giver)) = chances.pop_first() {
        let contact = contacts[index];
        let taker = contact.a + contact.b - giver;
        let at_s = f64::from_bits(at);
        if taker == errand.to {
            return Some(at_s);
        }
        if copies[taker] > 0 || copies[giver] < 2 {
            continue;
        }
        let given = copies[giver] / 2;
        copies[taker] = given;
        if rule == Rule::Everybody {
            copies[taker] = u32::MAX;
        } else {
            copies[giver] -= given;
        }
        look_ahead(contacts, taker, at_s, &mut chances);
    }
    None
}

/// The contacts in which a node that has the message from `at_s` on can hand it over. Times
/// that are not negative are ordered as their bits are.
fn look_ahead(
    contacts: &[Contact],
    node: usize,
    at_s: f64,
    chances: &mut BTreeSet<(u64, usize, usize)>,
) {
    let of_node = contacts.iter().enumerate();
    let of_node = of_node.filter(|(_, c)| (c.a == node || c.b == node) && c.to_s > at_s);
    chances.extend(of_node.map(|(index, c)| (c.from_s.max(at_s).to_bits(), index, node)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(a: usize, b: usize, from_s: f64, to_s: f64) -> Contact {
        Contact { a, b, from_s, to_s }
    }

    fn check(contacts: &[Contact], at_s: f64, expected: [Option<f64>; 3]) {
        let errand = Errand {
            from: 0,
            to: 3,
            at_s,
        };
        let rules = [Rule::Everybody, Rule::Direct, Rule::Spray(2)];
        assert_eq!(rules.map(|rule| arrival(contacts, errand, rule)), expected);
    }

    #[test]
    fn time_goes_forward_on_every_path() {
        // By two vehicles; the second must not have left before the first came.
        let chain = [
            contact(0, 1, 10.0, 20.0),
            contact(1, 2, 30.0, 40.0),
            contact(2, 3, 35.0, 50.0),
        ];
        check(&chain, 0.0, [Some(35.0), None, None]);
        check(&chain, 15.0, [Some(35.0), None, None]);
        check(&chain, 20.0, [None, None, None]);
        let too_early = [contact(1, 3, 5.0, 9.0), contact(0, 1, 10.0, 20.0)];
        check(&too_early, 0.0, [None, None, None]);
        let by_one = [
            contact(0, 1, 1.0, 2.0),
            contact(1, 3, 4.0, 5.0),
            contact(0, 3, 9.0, 9.5),
        ];
        check(&by_one, 0.0, [Some(4.0), Some(9.0), Some(4.0)]);
    }

    /// Beside a search that tries every sequence of contacts.
    #[test]
    fn nothing_is_faster_than_the_fastest() {
        fn try_all(contacts: &[Contact], at: usize, to: usize, now: f64, left: usize) -> f64 {
            if at == to {
                return now;
            }
            let mut best = f64::INFINITY;
            for c in contacts.iter().filter(|_| left > 0) {
                if (c.a == at || c.b == at) && c.to_s > now {
                    let next = c.a + c.b - at;
                    best = best.min(try_all(contacts, next, to, now.max(c.from_s), left - 1));
                }
            }
            best
        }
        let mut dice = crate::dice::Dice::new(4);
        for _ in 0..200 {
            let contacts: Vec<Contact> = (0..7)
                .map(|_| {
                    let (a, from_s) = (dice.below(3), dice.between(0.0, 50.0));
                    let b = a + 1 + dice.below(3 - a);
                    contact(a, b, from_s, from_s + dice.between(1.0, 20.0))
                })
                .collect();
            let errand = Errand {
                from: 0,
                to: 3,
                at_s: 5.0,
            };
            let all = try_all(&contacts, 0, 3, 5.0, 4);
            let found = arrival(&contacts, errand, Rule::Everybody).unwrap_or(f64::INFINITY);
            assert_eq!(found, all, "{contacts:?}");
        }
    }
}
