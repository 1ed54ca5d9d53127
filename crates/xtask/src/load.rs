//! The load generator: many requests at once, counted and timed from outside.
//!
//! *Closed loop*: each connection sends its next request when the last is
//! answered. It shows how much a server can do, and hides how long a caller
//! waits. *Open loop*: requests fall due at fixed times, whether or not the
//! server keeps up, and each is timed from when it fell due and not from when it
//! could be sent. So a pause of the server is felt by every request that fell
//! due within it ("coordinated omission": Tene, *How NOT to Measure Latency*, 2013).
//!
//! It runs on the same cores as what it measures; ratios between two servers
//! under the same load are sound, absolute rates are those of a shared machine.

use crate::http::{Answer, Connection};
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long one answer may take before the run is given up.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A closed loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub connections: usize,
    pub threads: usize,
    pub duration: Duration,
}

/// What a closed loop found.
#[derive(Debug, Default)]
pub(crate) struct Throughput {
    /// Requests that were answered with success.
    pub answered: u64,
    /// Requests that were answered with anything else.
    pub refused: u64,
    pub seconds: f64,
}

impl Throughput {
    /// Successful requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        self.answered as f64 / self.seconds
    }
}

/// Writes the request of a connection's turn into a buffer.
pub(crate) type Writer<'a> = dyn Fn(usize, u64, &mut Vec<u8>) + Sync + 'a;

/// Keeps one request on the way per connection until the time is over.
///
/// A thread visits its connections in turn: it reads an answer and sends the next
/// request at once, so that the server always has work from all the others.
pub(crate) fn closed(address: SocketAddr, plan: Closed, write: &Writer<'_>) -> Result<Throughput> {
    let start = Instant::now();
    let share = plan.connections.div_ceil(plan.threads.max(1));
    let mut total = Throughput::default();
    std::thread::scope(|scope| -> Result<()> {
        let ids: Vec<usize> = (0..plan.connections).collect();
        let loops: Vec<_> = ids
            .chunks(share.max(1))
            .map(|ids| {
                let ids = ids.to_vec();
                scope.spawn(move || closed_thread(address, &ids, start + plan.duration, write))
            })
            .collect();
        for thread in loops {
            let (answered, refused) = thread.join().expect("a load thread does not panic")?;
            total.answered += answered;
            total.refused += refused;
        }
        Ok(())
    })?;
    total.seconds = start.elapsed().as_secs_f64();
    Ok(total)
}

fn closed_thread(
    address: SocketAddr,
    ids: &[usize],
    deadline: Instant,
    write: &Writer<'_>,
) -> Result<(u64, u64)> {
    let mut connections = Vec::with_capacity(ids.len());
    let mut request = Vec::new();
    for &id in ids {
        let mut connection = Connection::open(address, TIMEOUT)?;
        write(id, 0, &mut request);
        connection.send(&request)?;
        connections.push(connection);
    }
    let (mut answered, mut refused, mut answer) = (0, 0, Answer::default());
    for turn in 1.. {
        let over = Instant::now() >= deadline;
        for (connection, &id) in connections.iter_mut().zip(ids) {
            connection.receive(&mut answer)?;
            if (200..300).contains(&answer.status) {
                answered += 1;
            } else {
                refused += 1;
            }
            if !over {
                write(id, turn, &mut request);
                connection.send(&request)?;
            }
        }
        if over {
            break;
        }
    }
    Ok((answered, refused))
}

/// An open loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// Callers; each has one connection and one request on the way at most.
    pub callers: usize,
    /// Between the due times of two requests.
    pub interval: Duration,
    /// How many requests fall due.
    pub requests: u64,
}

/// One request of an open loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timed {
    pub number: u64,
    /// From when it fell due until its answer was there, in seconds.
    pub latency_s: f64,
    /// How late it was sent, in seconds: what coordinated omission would hide.
    pub late_s: f64,
    pub success: bool,
}

/// Does one request: given its number and a connection, sends it and reads what
/// there is to read. Says whether it succeeded.
pub(crate) type Caller<'a> = dyn Fn(u64, &mut Connection) -> Result<bool> + Sync + 'a;

/// Sends each request when it falls due or as soon after as its caller is free.
pub(crate) fn open(address: SocketAddr, plan: Open, call: &Caller<'_>) -> Result<Vec<Timed>> {
    ensure!(plan.callers > 0, "an open loop without callers");
    let all = Mutex::new(Vec::with_capacity(plan.requests as usize));
    // Time for every caller to connect before the first request falls due.
    let start = Instant::now() + Duration::from_millis(200);
    std::thread::scope(|scope| -> Result<()> {
        let callers: Vec<_> = (0..plan.callers as u64)
            .map(|first| {
                let all = &all;
                scope.spawn(move || -> Result<()> {
                    let timed = open_caller(address, plan, first, start, call)?;
                    all.lock().expect("no caller panics").extend(timed);
                    Ok(())
                })
            })
            .collect();
        for caller in callers {
            caller.join().expect("a load thread does not panic")?;
        }
        Ok(())
    })?;
    Ok(all.into_inner().expect("no caller panics"))
}

fn open_caller(
    address: SocketAddr,
    plan: Open,
    first: u64,
    start: Instant,
    call: &Caller<'_>,
) -> Result<Vec<Timed>> {
    let mut connection = Connection::open(address, TIMEOUT)?;
    let mut timed = Vec::new();
    for number in (first..plan.requests).step_by(plan.callers) {
        let since_start = plan.interval.as_secs_f64() * number as f64;
        let due = start + Duration::from_secs_f64(since_start);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let late_s = Instant::now().saturating_duration_since(due).as_secs_f64();
        let success = call(number, &mut connection)?;
        let latency_s = Instant::now().saturating_duration_since(due).as_secs_f64();
        timed.push(Timed {
            number,
            latency_s,
            late_s,
            success,
        });
    }
    Ok(timed)
}

/// Appends and syncs a file as fast as the disk allows, and returns how long
/// each append took in seconds: the physical limit of a durable write.
pub(crate) fn bare_syncs(folder: &std::path::Path, bytes: usize, n: usize) -> Result<Vec<f64>> {
    use std::io::Write as _;
    let path = folder.join("bare-sync");
    let mut file = std::fs::File::create(&path).context("could not create a file to sync")?;
    let block = vec![0x5a; bytes];
    let mut seconds = Vec::with_capacity(n);
    for _ in 0..n {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    drop(file);
    std::fs::remove_file(path)?;
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{request, tests::serve, write_request};

    #[test]
    fn a_closed_loop_counts_what_was_answered_and_what_refused() {
        let address = serve(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
        ]);
        let plan = Closed {
            connections: 3,
            threads: 2,
            duration: Duration::from_millis(50),
        };
        let write = |_: usize, _: u64, out: &mut Vec<u8>| write_request(out, "GET", "/", &[], b"");
        let found = closed(address, plan, &write).unwrap();
        assert!(found.answered >= 3, "{found:?}");
        assert!(found.answered.abs_diff(found.refused) <= 3, "{found:?}");
    }

    #[test]
    fn an_open_loop_charges_a_slow_server_for_the_requests_behind_it() {
        let address = serve(&["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]);
        let plan = Open {
            callers: 1,
            interval: Duration::from_millis(1),
            requests: 40,
        };
        // The first answer is read late; those that fell due meanwhile are late too.
        let call = |number: u64, connection: &mut Connection| {
            connection.send(&request("GET", "/", &[], b""))?;
            if number == 0 {
                let until = Instant::now() + Duration::from_millis(30);
                while Instant::now() < until {
                    std::thread::yield_now();
                }
            }
            let mut answer = Answer::default();
            connection.receive(&mut answer)?;
            Ok(answer.status == 200)
        };
        let timed = open(address, plan, &call).unwrap();
        assert_eq!(timed.len(), 40);
        assert!(timed.iter().all(|t| t.success));
        assert!(
            timed[1].late_s > 0.02 && timed[1].latency_s > 0.02,
            "{:?}",
            timed[1]
        );
    }
}
