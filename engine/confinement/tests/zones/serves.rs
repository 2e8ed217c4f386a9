//! What a zone without a grant needs: reading and answering requests.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use policy_confinement::{Grants, Mode, Subject, Supervisor, enter, spawn_zone};

#[test]
fn connections_are_taken_and_answered() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let supervisor = Supervisor::new(move |violation| kept.lock().unwrap().push(*violation));
    let (done, wait) = mpsc::channel::<()>();
    let serve = move || {
        // Threads of its own, before and after it ran a subject's code.
        let first = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            connection.set_nodelay(true).unwrap();
            let mut bytes = [0; 4];
            connection.read_exact(&mut bytes).unwrap();
            connection.write_all(&bytes).unwrap();
        });
        drop(enter(Subject::new("policy")));
        first.join().unwrap();
        let waited = Condvar::new();
        let lock = Mutex::new(());
        drop(waited.wait_timeout(lock.lock().unwrap(), Duration::from_millis(1)));
        thread::sleep(Duration::from_millis(1));
        // Much memory, as the allocator asks for.
        let much = vec![1_u8; 32 << 20];
        let clocks = (Instant::now(), SystemTime::now());
        thread::spawn(move || drop((much, clocks))).join().unwrap();
        // And gives back.
        let blocks: Vec<_> = (0..64).map(|_| vec![1_u8; 100 << 10]).collect();
        thread::spawn(|| drop(vec![vec![1_u8; 100 << 10]; 64])).join().unwrap();
        drop(blocks);
        // And many threads at one time.
        let (end, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let wait = |held: Arc<Mutex<mpsc::Receiver<()>>>| {
            move || drop((vec![1_u8; 100], held.lock().unwrap().recv()))
        };
        let many: Vec<_> = (0..20).map(|_| thread::spawn(wait(Arc::clone(&held)))).collect();
        drop(end);
        for thread in many {
            thread.join().unwrap();
        }
        rustix::process::setpriority_process(None, 19).unwrap();
        drop(done);
    };
    let zone = spawn_zone(&supervisor, Mode::Enforce, Grants::NONE, thread::Builder::new(), serve);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"ping").unwrap();
    let mut bytes = [0; 4];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"ping");
    assert!(wait.recv().is_err());
    zone.unwrap().thread.join().unwrap();
    assert_eq!(told.lock().unwrap().as_slice(), []);
}

#[test]
fn panic_in_a_zone_unwinds() {
    let supervisor = Supervisor::new(|_| {});
    let unwind = || std::panic::catch_unwind(|| panic!("as a policy does")).is_err();
    let zone = spawn_zone(&supervisor, Mode::Enforce, Grants::NONE, thread::Builder::new(), unwind);
    assert!(zone.unwrap().thread.join().unwrap());
}
