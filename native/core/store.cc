#include "store.h"

#include <algorithm>
#include <new>

#include "session.h"

namespace memdb {

namespace {

// How many keys are looked up, or entries examined, at a time.
constexpr size_t kGroup = 32;

constexpr size_t kCacheLine = 64;

void Prefetch(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#else
  static_cast<void>(address);
#endif
}

// For a counter that one thread at a time writes: an atomic addition costs four times as much.
void Increase(std::atomic<uint64_t>& counter, uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

Store::Store(uint64_t max_bytes) : id_(NewStoreId()), max_bytes_(max_bytes), snapshots_(heap_) {}

Store::~Store() = default;

const Entry* Store::Find(const Digest& digest, Tag tag, Version version) {
  Shard& shard = ShardAt(tag);
  ReaderLock lock(shard.lock);
  const Table::Slot* slot = shard.table.Find(heap_, digest, tag);
  return slot == nullptr ? nullptr : Visible(slot->ref, version);
}

void Store::FindMany(std::span<Lookup*> lookups, Version version) {
  // Three passes over a group: slots, entries, values. Each pass prefetches what the next one
  // reads, so that their cache misses overlap.
  for (; !lookups.empty(); lookups = lookups.subspan(std::min(kGroup, lookups.size()))) {
    const auto group = lookups.first(std::min(kGroup, lookups.size()));
    for (const Lookup* lookup : group) {
      Shard& shard = ShardAt(lookup->tag);
      ReaderLock lock(shard.lock);
      Prefetch(shard.table.Home(lookup->tag));
    }
    for (const Lookup* lookup : group) {
      Shard& shard = ShardAt(lookup->tag);
      ReaderLock lock(shard.lock);
      if (const Ref ref = shard.table.Guess(lookup->tag)) {
        Prefetch(heap_.At(ref));
        Prefetch(static_cast<const char*>(heap_.At(ref)) + kCacheLine);
      }
    }
    for (Lookup* lookup : group) lookup->found = Find(lookup->digest, lookup->tag, version);
  }
}

bool Store::Conflicts(const ReadSet& reads, Version version, Changed* changed) {
  if (snapshots_.published() == version) return false;
  bool found = reads.scanned();
  for (const ReadSet::Key& key : reads.keys()) {
    Shard& shard = ShardAt(key.tag);
    ReaderLock lock(shard.lock);
    const Table::Slot* slot = shard.table.Find(heap_, key.digest, key.tag);
    if (slot == nullptr || EntryAt(heap_, slot->ref)->version <= version) continue;
    found = true;
    if (changed->count == changed->sizes.size()) break;
    List(slot->ref, version, changed);
  }
  return found;
}

void Store::List(Ref newest, Version version, Changed* changed) const {
  const Entry* const head = EntryAt(heap_, newest);
  const Entry* entry = head;
  // A deletion has no key: it is that of what the batch saw, or of what came in between.
  if (head->deleted()) {
    entry = Visible(newest, version);
    if (entry == nullptr && head->older != 0) entry = EntryAt(heap_, head->older);
  }
  const bool known = entry != nullptr && !entry->deleted();
  uint8_t digest[sizeof(Digest)];
  head->digest.Store(digest);
  const auto bytes = known ? entry->key() : std::span<const uint8_t>(digest);
  if (bytes.size() > changed->bytes.size()) return;
  if (!bytes.empty()) std::memcpy(changed->bytes.data(), bytes.data(), bytes.size());
  changed->bytes = changed->bytes.subspan(bytes.size());
  changed->sizes[changed->count++] =
      known ? static_cast<int32_t>(bytes.size()) : static_cast<int32_t>(Status::kAbsent);
}

Status Store::Commit(Table& writes, Pin* own_pin, bool optimistic) {
  over_limit_ = 0;
  if (max_bytes_ != UINT64_MAX && !FitsLimit(writes)) return Status::kFull;
  if (!Announce(writes)) return Status::kFull;

  // From here on nothing can fail.
  const Version version = snapshots_.published() + 1;
  Change change;
  writes.ForEach([&](const Table::Slot& slot) { Link(slot.tag, slot.ref, version, &change); });
  if (!change.superseded.empty()) {
    superseded_.fetch_add(change.superseded.size, std::memory_order_relaxed);
  }
  SupersededList unseen = snapshots_.Publish(version, own_pin, optimistic, change.superseded);
  Increase(commits_, 1);
  Increase(entries_, change.entries);
  Increase(bytes_, change.bytes);

  while (!unseen.empty()) Free(unseen.Pop(heap_));
  return Status::kOk;
}

bool Store::FitsLimit(const Table& writes) {
  uint64_t bytes = bytes_.load(std::memory_order_relaxed);
  uint64_t freed = 0;
  writes.ForEach([&](const Table::Slot& write) {
    const Entry* entry = EntryAt(heap_, write.ref);
    bytes += entry->payload();
    Shard& shard = ShardAt(write.tag);
    ReaderLock lock(shard.lock);
    const Table::Slot* slot = shard.table.Find(heap_, entry->digest, write.tag);
    if (slot != nullptr) freed += EntryAt(heap_, slot->ref)->payload();
  });
  if (bytes - freed <= max_bytes_) return true;
  over_limit_ = bytes - freed;
  return false;
}

bool Store::Announce(const Table& writes) {
  bool room = true;
  if (writes.size() == 1) {
    writes.ForEach([&](const Table::Slot& write) { room = Announce(write); });
  } else {
    room = AnnounceMany(writes);
  }
  if (!room) Withdraw(writes);
  return room;
}

bool Store::AnnounceMany(const Table& writes) {
  // Keys whose tag is in the table: nearly always the key is there too, and needs no slot.
  Table::Slot likely[kGroup];
  size_t likely_count = 0;
  bool room = true;
  const auto announce_likely = [&] {
    for (size_t i = 0; i < likely_count; i++) room = room && Announce(likely[i]);
    likely_count = 0;
  };
  writes.ForEach([&](const Table::Slot& write) {
    if (!room) return;
    {
      Shard& shard = ShardAt(write.tag);
      WriterLock lock(shard.lock);
      const Ref ref = shard.table.Guess(write.tag);
      if (ref == 0) {
        room = shard.table.Reserve(++shard.announced);
        return;
      }
      // The digest is compared later, when the entry has arrived in the cache.
      Prefetch(heap_.At(ref));
    }
    likely[likely_count++] = write;
    if (likely_count == kGroup) announce_likely();
  });
  announce_likely();
  return room;
}

bool Store::Announce(const Table::Slot& write) {
  Shard& shard = ShardAt(write.tag);
  WriterLock lock(shard.lock);
  const Digest& digest = EntryAt(heap_, write.ref)->digest;
  return shard.table.Find(heap_, digest, write.tag) != nullptr ||
         shard.table.Reserve(++shard.announced);
}

void Store::Withdraw(const Table& writes) {
  writes.ForEach([&](const Table::Slot& write) { ShardAt(write.tag).announced = 0; });
}

void Store::Link(Tag tag, Ref ref, Version version, Change* change) {
  Entry* entry = EntryAt(heap_, ref);
  entry->version = version;
  Shard& shard = ShardAt(tag);
  shard.announced = 0;
  bool needless = false;
  {
    WriterLock lock(shard.lock);
    Table::Slot* slot = shard.table.Find(heap_, entry->digest, tag);
    if (slot == nullptr) {
      needless = entry->deleted();
      if (!needless) shard.table.Insert(tag, ref);
    } else {
      Entry* head = EntryAt(heap_, slot->ref);
      needless = entry->deleted() && head->deleted();
      if (!needless) {
        change->superseded.Push(heap_, slot->ref);
        if (!head->deleted()) change->entries--;
        change->bytes -= head->payload();
        versions_.Supersede(slot->ref, ref, tag);
        slot->ref = ref;
      }
    }
  }
  if (needless) {
    Entry::Destroy(heap_, ref);
  } else {
    if (!entry->deleted()) change->entries++;
    change->bytes += entry->payload();
  }
}

size_t Store::Reclaim(size_t limit) {
  while (limit > 0 && snapshots_.unexamined() > 0) {
    const size_t group = std::min(limit, kGroup);
    SupersededList unseen = snapshots_.Examine(group);
    while (!unseen.empty()) Free(unseen.Pop(heap_));
    limit -= group;
  }
  return snapshots_.unexamined();
}

Version Store::MarkToKeep(const Shard& shard, Ref ref) const {
  const Entry* entry = EntryAt(heap_, ref);
  if (entry->older != 0 || entry->superseded.newer != 0) return 0;
  const Ref parent = entry->superseded.parent;
  const Entry* above = EntryAt(heap_, parent);
  const bool last = above->deleted() && above->older == ref &&
                    shard.table.Find(entry->superseded.tag, parent) != nullptr;
  return last && snapshots_.HasOptimisticBefore(above->version) ? above->version : 0;
}

size_t Store::ReclaimAside(size_t limit) {
  MutexLock lock(aside_mutex_);
  return closed() ? 0 : Reclaim(limit);
}

void Store::Free(Ref ref) {
  const Tag tag = EntryAt(heap_, ref)->superseded.tag;
  Shard& shard = ShardAt(tag);
  Ref mark = 0;
  Version kept_for = 0;
  {
    WriterLock lock(shard.lock);
    if (snapshots_.HasOptimisticBefore(UINT64_MAX)) kept_for = MarkToKeep(shard, ref);
    if (kept_for == 0) mark = Unlink(shard, ref, tag);
  }
  if (kept_for != 0) {
    snapshots_.KeepForOptimistic(ref, kept_for);
    return;
  }
  if (mark != 0) Entry::Destroy(heap_, mark);
  Entry::Destroy(heap_, ref);
  superseded_.fetch_sub(1, std::memory_order_relaxed);
}

Ref Store::Unlink(Shard& shard, Ref ref, Tag tag) {
  const Ref parent = versions_.Remove(ref);
  const Entry* above = EntryAt(heap_, parent);
  if (!above->deleted() || above->older != 0) return 0;
  // A newest entry that marks a deletion and hides nothing is the same as no entry.
  Table::Slot* slot = shard.table.Find(tag, parent);
  if (slot == nullptr) return 0;
  shard.table.Remove(slot);
  return parent;
}

void Store::Close() {
  if (closed_.exchange(true)) return;
  transaction_.Close();
  {
    MutexLock lock(sessions_mutex_);
    next_to_abandon_ = sessions_.begin();
  }
  while (Session* session = NextToAbandon()) session->Abandon();
  // Nobody is inside now, and the sessions refuse every new call.
  MutexLock aside(aside_mutex_);
  for (Shard& shard : shards_) {
    WriterLock lock(shard.lock);
    shard.table.Clear();
  }
  heap_.Clear();
}

Session* Store::NextToAbandon() {
  Session* session = nullptr;
  {
    MutexLock lock(sessions_mutex_);
    if (next_to_abandon_ != sessions_.end()) session = *next_to_abandon_++;
    abandoning_.store(session, std::memory_order_seq_cst);
  }
  // The previous session may be waiting to end.
  abandoning_.notify_all();
  return session;
}

void Store::AddSession(Session* session) {
  MutexLock lock(sessions_mutex_);
  session->listed = sessions_.insert(sessions_.end(), session);
}

size_t Store::RemoveSession(Session* session) {
  MutexLock lock(sessions_mutex_);
  if (session->listed) {
    if (next_to_abandon_ == *session->listed) ++next_to_abandon_;
    sessions_.erase(*session->listed);
    session->listed.reset();
  }
  return sessions_.size();
}

void Store::AwaitAbandon(Session* session) {
  abandoning_.wait(session, std::memory_order_acquire);
}

Store::Stats Store::GetStats() {
  Stats stats{};
  stats.entries = entries_.load(std::memory_order_relaxed);
  stats.bytes = bytes_.load(std::memory_order_relaxed);
  stats.held_bytes = heap_.held_bytes() + sizeof(Store);
  for (Shard& shard : shards_) {
    ReaderLock lock(shard.lock);
    stats.held_bytes += shard.table.held_bytes();
  }
  stats.snapshots = snapshots_.size();
  stats.superseded = superseded_.load(std::memory_order_relaxed);
  stats.commits = commits_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace memdb
