import { now } from './clock.js';
import { type Identity, pageUse } from './identity.js';
import { Header, OPTIMISTIC, PAGE_PINS, PAGE_SHIFT, Pin, SESSION_PINS, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import type { Pages } from './pages.js';

/** A version that this thread pins, as often as `uses` says. */
export interface Snapshot {
  readonly version: number;
  /** Whether optimistic batches hold it. They and the others of the thread share no pin. */
  readonly optimistic: boolean;
  uses: number;
  /** Its place among the session's pins. */
  readonly place: number;
}

/** The pins of this thread's session: versions whose entries stay. */
export class Pins {
  private readonly memory: Memory;
  private readonly pages: Pages;
  /** What the page map says of the pages that it takes. */
  private readonly pageUse: number;
  private readonly word: number;
  private latest: Snapshot | undefined;
  private latestOptimistic: Snapshot | undefined;
  private used = 0;
  /** Free places among those that others look at. */
  private readonly places: number[] = [];
  private readonly pinPages: number[] = [];

  constructor(memory: Memory, pages: Pages, session: number, identity: Identity) {
    this.memory = memory;
    this.pages = pages;
    this.pageUse = pageUse(session, identity);
    this.word = sessionWord(session);
  }

  /** Pins the published version; undefined when memory cannot be allocated. Waits for nobody. */
  take(optimistic = false): Snapshot | undefined {
    const { memory } = this;
    const latest = optimistic ? this.latestOptimistic : this.latest;
    let version = memory.published;
    if (latest !== undefined && latest.uses > 0 && latest.version === version) {
      latest.uses++;
      return latest;
    }
    const place = this.claimPlace();
    if (place < 0) return undefined;
    this.used++;
    const at = this.placeWord(place);
    memory.setNumber(at + Pin.Time, now());
    for (;;) {
      memory.setNumber(at + Pin.Version, optimistic ? version + OPTIMISTIC : version);
      // Others must see the pin before this thread checks that the version is still the last one.
      // A thread that publishes the next one looks for pins after that.
      memory.store(this.word + Session.Fence, place);
      const published = memory.published;
      if (published === version) break;
      version = published;
    }
    const snapshot = { version, optimistic, uses: 1, place };
    if (optimistic) this.latestOptimistic = snapshot;
    else this.latest = snapshot;
    return snapshot;
  }

  release(snapshot: Snapshot): void {
    if (--snapshot.uses > 0) return;
    const { memory, places } = this;
    memory.setNumber(this.placeWord(snapshot.place) + Pin.Version, 0);
    if (--this.used === 0) {
      if (places.length > 0) places.length = 0;
      memory.store(this.word + Session.Pins, 0);
    } else if (snapshot.place < this.count - 1) {
      places.push(snapshot.place);
    } else {
      this.shrink();
    }
    // Some list may be of it, which can be found out only with the transaction mutex.
    if (memory.word(Header.KeptLists) !== 0) memory.add(Header.Gathered, 1);
  }

  /**
   * Keeps the pins of these uses, and no other: a call was stopped between taking or releasing a pin and
   * noting that. Call this only when no call can be under way.
   */
  keepOnly(uses: Iterable<Snapshot>): void {
    const { memory, places } = this;
    const kept = new Map<number, Snapshot>();
    for (const snapshot of uses) {
      if (!kept.has(snapshot.place)) snapshot.uses = 0;
      snapshot.uses++;
      kept.set(snapshot.place, snapshot);
    }
    places.length = 0;
    let count = 0;
    for (let place = 0; place < this.count; place++) {
      if (kept.has(place)) {
        count = place + 1;
      } else {
        memory.setNumber(this.placeWord(place) + Pin.Version, 0);
        places.push(place);
      }
    }
    this.used = kept.size;
    const isKept = (pin: Snapshot | undefined) => pin !== undefined && kept.get(pin.place) === pin;
    if (!isKept(this.latest)) this.latest = undefined;
    if (!isKept(this.latestOptimistic)) this.latestOptimistic = undefined;
    memory.store(this.word + Session.Pins, count);
    if (memory.word(Header.KeptLists) !== 0) memory.add(Header.Gathered, 1);
  }

  /** How many places others look at. */
  private get count(): number {
    return this.memory.word(this.word + Session.Pins);
  }

  /** Has others look no longer at the last place, and at free ones before it. */
  private shrink(): void {
    let { count } = this;
    do count--;
    while (count > 0 && this.memory.number(this.placeWord(count - 1) + Pin.Version) === 0);
    this.memory.store(this.word + Session.Pins, count);
  }

  private claimPlace(): number {
    const { count } = this;
    // Some may be beyond those that others look at: they have been given up.
    for (let free = this.places.pop(); free !== undefined; free = this.places.pop()) {
      if (free < count) return free;
    }
    if (count >= SESSION_PINS + this.pinPages.length * PAGE_PINS && !this.addPage()) return -1;
    this.memory.setNumber(this.placeWord(count) + Pin.Version, 0);
    this.memory.store(this.word + Session.Pins, count + 1);
    return count;
  }

  private addPage(): boolean {
    const { memory, pages, pinPages } = this;
    const page = this.unlinkedPage() || pages.claim(this.pageUse);
    if (page === 0) return false;
    const last = pinPages[pinPages.length - 1];
    memory.setWord(page << PAGE_SHIFT, 0);
    memory.store(last === undefined ? this.word + Session.PinPage : last << PAGE_SHIFT, page);
    pinPages.push(page);
    return true;
  }

  /** A page that this session has claimed in a call that was then cut short, or 0. */
  private unlinkedPage(): number {
    const { pages, pinPages } = this;
    for (let page = pages.count - 1; page > 0; page--) {
      if (pages.use(page) === this.pageUse && !pinPages.includes(page)) return page;
    }
    return 0;
  }

  private placeWord(place: number): number {
    if (place < SESSION_PINS) return this.word + Session.FirstPin + place * Pin.Words;
    const further = place - SESSION_PINS;
    const page = this.pinPages[Math.floor(further / PAGE_PINS)] as number;
    return (page << PAGE_SHIFT) + ((further % PAGE_PINS) + 1) * Pin.Words;
  }
}
