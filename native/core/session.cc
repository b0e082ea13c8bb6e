#include "session.h"

#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "reclaimer.h"
#include "registry.h"
#include "value_position.h"

namespace memdb {

std::unique_ptr<Session> Session::Create(uint64_t max_bytes, int thread_id) try {
  auto store = std::make_shared<Store>(max_bytes);
  std::unique_ptr<Session> session(new Session(store, thread_id));
  Registry::Instance().Add(std::move(store), session.get());
  return session;
} catch (const std::exception&) {
  return nullptr;  // there is no memory, or no randomness
}

std::unique_ptr<Session> Session::Attach(const Store::Id& id, int thread_id) try {
  auto store = Registry::Instance().Find(id);
  if (store == nullptr) return nullptr;
  std::unique_ptr<Session> session(new Session(std::move(store), thread_id));
  // The last session may have left meanwhile.
  if (!Registry::Instance().Join(id, session.get())) return nullptr;
  return session;
} catch (const std::bad_alloc&) {
  return nullptr;
}

Session::Session(std::shared_ptr<Store> store, int thread_id)
    : store_(std::move(store)), party_(thread_id), place_(thread_id) {}

Session::~Session() {
  {
    MutexLock lock(mutex_);
    // An abandoned session has none.
    for (auto& cursor : cursors_) cursor->Release();
    while (roots_ != nullptr) Close(roots_, true);
    FreeIdle(0, SIZE_MAX);
  }
  Leave();
  Unlock();
  // The other threads may never free what nobody sees now. Ends when they add as much as we free.
  size_t left = SIZE_MAX;
  while (const size_t now = Reclaim()) {
    if (now >= left) {
      Reclaimer::Request(store_);
      break;
    }
    left = now;
  }
  Registry::Instance().Leave(store_, this);
}

void Session::CloseStore() {
  Registry::Instance().Remove(store_->id());
  store_->Close();
}

Status Session::Lock(Clock::duration limit, int* holder) {
  return store_->transaction().Lock(party_, limit, holder);
}

void Session::Unlock() {
  store_->transaction().Unlock(party_);
}

Status Session::Join(int* holder) {
  return store_->transaction().Join(place_, party_, holder);
}

void Session::Leave() {
  store_->transaction().Leave(place_);
}

Batch* Session::NewBatch(Batch* parent, bool writable) try {
  // A thread that once had very many batches open gives their memory back step by step.
  FreeIdle(kIdleBatches, 2);
  Batch* batch = idle_;
  if (batch == nullptr) {
    batch = new Batch;
  } else {
    idle_ = batch->next_sibling;
    idle_count_--;
  }
  batch->parent = parent;
  batch->link = parent == nullptr ? &roots_ : &parent->first_child;
  batch->next_sibling = *batch->link;
  if (batch->next_sibling != nullptr) batch->next_sibling->link = &batch->next_sibling;
  *batch->link = batch;
  batch->writable = writable;
  batch->reads = parent == nullptr ? nullptr : parent->reads;
  batch->open = true;
  batches_.store(batches_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return batch;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void Session::FreeIdle(size_t kept, size_t most) {
  for (; idle_count_ > kept && most > 0; most--) {
    Batch* const batch = idle_;
    idle_ = batch->next_sibling;
    idle_count_--;
    delete batch;
  }
}

Batch* Session::Begin(bool writable, bool optimistic) {
  MutexLock lock(mutex_);
  if (abandoned_) return nullptr;
  ReadSet* const reads = optimistic ? NewReadSet() : nullptr;
  if (optimistic && reads == nullptr) return nullptr;
  Pin* const pin = store_->snapshots().Acquire(optimistic);
  Batch* const batch = pin == nullptr ? nullptr : NewBatch(nullptr, writable);
  if (batch == nullptr) {
    if (pin != nullptr) store_->snapshots().Release(pin, optimistic);
    if (reads != nullptr) EndReadSet(reads);
    return nullptr;
  }
  batch->reads = reads;
  batch->version = pin->version;
  batch->snapshot.pin = pin;
  batch->snapshot.since = CoarseNow();
  snapshots_.Add(&batch->snapshot);
  return batch;
}

Batch* Session::BeginNested(Batch* parent, bool writable) {
  MutexLock lock(mutex_);
  if (!Usable(parent)) return nullptr;
  Batch* batch = NewBatch(parent, writable);
  if (batch != nullptr) batch->version = parent->version;
  return batch;
}

ReadSet* Session::NewReadSet() {
  return spare_reads_ != nullptr ? spare_reads_.release() : new (std::nothrow) ReadSet;
}

void Session::EndReadSet(ReadSet* reads) {
  reads->Reset();
  if (spare_reads_ == nullptr) {
    spare_reads_.reset(reads);
  } else {
    delete reads;
  }
}

const Entry* Session::FindPending(const Batch* batch, const Digest& digest, Tag tag,
                                  bool* pending) const {
  for (; batch != nullptr; batch = batch->parent) {
    if (batch->writes.size() == 0) continue;
    if (const Table::Slot* slot = batch->writes.Find(store_->heap(), digest, tag)) {
      const Entry* entry = EntryAt(store_->heap(), slot->ref);
      *pending = true;
      return entry->deleted() ? nullptr : entry;
    }
  }
  *pending = false;
  return nullptr;
}

const Entry* Session::Find(const Batch* batch, const Digest& digest) {
  const Tag tag = store_->TagOf(digest);
  bool pending;
  const Entry* entry = FindPending(batch, digest, tag, &pending);
  if (pending) return entry;
  if (batch->reads != nullptr) batch->reads->Add(digest, tag);
  return store_->Find(digest, tag, batch->version);
}

int Session::Get(const Batch* batch, const Digest& digest, std::span<uint8_t> target,
                 size_t* needed) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return static_cast<int>(Status::kClosed);
  const Entry* entry = Find(batch, digest);
  if (entry == nullptr) return static_cast<int>(Status::kAbsent);
  const auto value = entry->value();
  if (value.size() > target.size()) {
    *needed = value.size();
    return static_cast<int>(Status::kNoRoom);
  }
  if (!value.empty()) std::memcpy(target.data(), value.data(), value.size());
  return static_cast<int>(value.size());
}

Status Session::Has(const Batch* batch, const Digest& digest) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return Status::kClosed;
  return Find(batch, digest) == nullptr ? Status::kAbsent : Status::kOk;
}

int Session::GetMany(const Batch* batch, std::span<const Digest> digests, std::span<int32_t> sizes,
                     std::span<uint8_t> target, size_t* needed) try {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return static_cast<int>(Status::kClosed);
  std::vector<Store::Lookup> lookups(digests.size());
  std::vector<Store::Lookup*> in_store;
  in_store.reserve(digests.size());
  for (size_t i = 0; i < digests.size(); i++) {
    Store::Lookup& lookup = lookups[i];
    lookup.digest = digests[i];
    lookup.tag = store_->TagOf(digests[i]);
    bool pending;
    lookup.found = FindPending(batch, lookup.digest, lookup.tag, &pending);
    if (!pending) in_store.push_back(&lookup);
  }
  if (batch->reads != nullptr) {
    for (const Store::Lookup* lookup : in_store) batch->reads->Add(lookup->digest, lookup->tag);
  }
  store_->FindMany(in_store, batch->version);

  size_t bytes = 0;
  for (const auto& lookup : lookups) {
    if (lookup.found != nullptr) bytes = ValuePosition(bytes) + lookup.found->value().size();
  }
  if (bytes > target.size()) {
    *needed = bytes;
    return static_cast<int>(Status::kNoRoom);
  }
  size_t end = 0;
  for (size_t i = 0; i < lookups.size(); i++) {
    if (lookups[i].found == nullptr) {
      sizes[i] = static_cast<int32_t>(Status::kAbsent);
      continue;
    }
    const auto value = lookups[i].found->value();
    const size_t start = ValuePosition(end);
    if (!value.empty()) std::memcpy(target.data() + start, value.data(), value.size());
    end = start + value.size();
    sizes[i] = static_cast<int32_t>(value.size());
  }
  return static_cast<int>(bytes);
} catch (const std::bad_alloc&) {
  return static_cast<int>(Status::kFull);
}

Status Session::Put(Batch* batch, const Digest& digest, std::span<const uint8_t> key,
                    std::span<const uint8_t> value) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return Status::kClosed;
  return Write(batch, digest, Entry::Create(store_->heap(), digest, key, value));
}

Status Session::Delete(Batch* batch, const Digest& digest) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return Status::kClosed;
  return Write(batch, digest, Entry::CreateDeleted(store_->heap(), digest));
}

Status Session::Write(Batch* batch, const Digest& digest, Ref ref) {
  if (ref == 0) return Status::kFull;
  Heap& heap = store_->heap();
  const Tag tag = store_->TagOf(digest);
  if (Table::Slot* slot = batch->writes.Find(heap, digest, tag)) {
    Entry::Destroy(heap, std::exchange(slot->ref, ref));
    return Status::kOk;
  }
  if (!batch->writes.Reserve(1)) {
    Entry::Destroy(heap, ref);
    return Status::kFull;
  }
  batch->writes.Insert(tag, ref);
  return Status::kOk;
}

Status Session::Clear(Batch* batch, const KeyFilter& filter) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return Status::kClosed;
  if (batch->reads != nullptr) batch->reads->AddScan();
  Heap& heap = store_->heap();
  std::vector<Ref> marks;
  const auto fail = [&] {
    for (const Ref mark : marks) Entry::Destroy(heap, mark);
    return Status::kFull;
  };
  try {
    std::vector<Digest> cleared;
    for (const Batch* layer = batch; layer != nullptr; layer = layer->parent) {
      layer->writes.ForEach([&](const Table::Slot& slot) {
        const Entry* entry = EntryAt(heap, slot.ref);
        if (!entry->deleted() && filter.Passes(entry->key())) cleared.push_back(entry->digest);
      });
    }
    for (size_t shard = 0; shard < kShards; shard++) {
      store_->ForEachVisible(shard, batch->version, [&](const Digest& digest, const Entry& entry) {
        if (filter.Passes(entry.key())) cleared.push_back(digest);
      });
    }
    // What an inner batch hides is not seen: it stays as the inner batch has it.
    std::erase_if(cleared, [&](const Digest& digest) NO_THREAD_SAFETY_ANALYSIS {
      bool pending;
      const Entry* entry = FindPending(batch, digest, store_->TagOf(digest), &pending);
      return pending && (entry == nullptr || !filter.Passes(entry->key()));
    });
    marks.reserve(cleared.size());
    for (const Digest& digest : cleared) {
      const Ref mark = Entry::CreateDeleted(heap, digest);
      if (mark == 0) return fail();
      marks.push_back(mark);
    }
    if (!batch->writes.Reserve(marks.size())) return fail();
  } catch (const std::bad_alloc&) {
    return fail();
  }
  // Nothing can fail from here on: there is room. A key that two layers have comes twice.
  for (const Ref mark : marks) Write(batch, EntryAt(heap, mark)->digest, mark);
  return Status::kOk;
}

Status Session::MergeIntoParent(Batch* batch) {
  if (batch->writes.size() == 0) return Status::kOk;
  Heap& heap = store_->heap();
  Table& target = batch->parent->writes;
  if (!target.Reserve(batch->writes.size())) return Status::kFull;
  batch->writes.ForEach([&](const Table::Slot& write) {
    if (Table::Slot* slot = target.Find(heap, EntryAt(heap, write.ref)->digest, write.tag)) {
      Entry::Destroy(heap, std::exchange(slot->ref, write.ref));
    } else {
      target.Insert(write.tag, write.ref);
    }
  });
  batch->writes.Reset();
  return Status::kOk;
}

Status Session::Commit(Batch* batch, bool locked, Clock::duration limit, int* holder,
                       Store::Changed* changed) {
  TransactionMutex& transaction = store_->transaction();
  const bool held = transaction.HeldByThreadOf(party_);
  {
    MutexLock lock(mutex_);
    if (!Usable(batch)) return Status::kClosed;
    const bool to_store = batch->parent == nullptr && batch->writable;
    if (to_store && held && !locked) {
      // Closing takes the lock away, so `held` may be stale.
      return store_->closed() ? Status::kClosed : Status::kNested;
    }
    over_limit_ = 0;
    if (!to_store || (batch->writes.size() == 0 && batch->reads == nullptr)) {
      const Status status = batch->parent == nullptr ? Status::kOk : MergeIntoParent(batch);
      if (status == Status::kOk) Close(batch, true);
      Reclaim(kReclaimStep);
      return status;
    }
    if (held || transaction.TryLock(party_)) return CommitToStore(batch, !held, changed);
  }
  // Without the session's mutex: another thread's update may delay us here, and closing
  // the store must not wait for that.
  const Status status = Lock(limit, holder);
  if (status != Status::kOk) return status;
  MutexLock lock(mutex_);
  return CommitToStore(batch, true, changed);
}

Status Session::CommitToStore(Batch* batch, bool unlock, Store::Changed* changed) {
  store_->transaction().AssertHeld();
  const size_t written = batch->writes.size();
  const bool optimistic = batch->reads != nullptr;
  Status status = Status::kOk;
  if (!Usable(batch)) {
    status = Status::kClosed;
  } else if (optimistic && store_->Conflicts(*batch->reads, batch->version, changed)) {
    status = Status::kConflict;
  } else if (written > 0) {
    status = store_->Commit(batch->writes, batch->snapshot.pin, optimistic);
    if (status == Status::kFull) over_limit_ = store_->over_limit();
  }
  // First of all: the rest delays nobody then, nor does the pause of OwnerMutex::Unlock.
  if (unlock) Unlock();
  if (status == Status::kConflict || (status == Status::kOk && written == 0)) {
    Close(batch, true);
    Reclaim(kReclaimStep);
  } else if (status == Status::kOk) {
    batch->writes.Reset();
    Close(batch, false);
    // At least as many as it superseded: so unexamined entries do not pile up.
    Reclaim(kReclaimStep + written);
  }
  return status;
}

void Session::Discard(Batch* batch) {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return;
  Close(batch, true);
  Reclaim(kReclaimStep);
}

size_t Session::CopyReads(const Batch* batch, size_t from, std::span<uint8_t> target,
                          bool* scanned) {
  MutexLock lock(mutex_);
  if (!Usable(batch) || batch->reads == nullptr) return 0;
  *scanned = batch->reads->scanned();
  const auto keys = batch->reads->keys();
  size_t count = 0;
  for (size_t i = from; i < keys.size() && (count + 1) * sizeof(Digest) <= target.size(); i++) {
    keys[i].digest.Store(target.data() + count++ * sizeof(Digest));
  }
  return count;
}

void Session::Close(Batch* batch, bool pinned) {
  // Innermost first, without recursion: nesting has no limit.
  for (Batch* leaf = batch;;) {
    while (leaf->first_child != nullptr) leaf = leaf->first_child;
    Batch* const parent = leaf->parent;
    *leaf->link = leaf->next_sibling;
    if (leaf->next_sibling != nullptr) leaf->next_sibling->link = leaf->link;
    // The store frees the pins and entries of an abandoned session.
    if (!abandoned_) {
      if (parent == nullptr) snapshots_.Remove(&leaf->snapshot);
      if (parent == nullptr && pinned) {
        store_->snapshots().Release(leaf->snapshot.pin, leaf->reads != nullptr);
      }
      DestroyWrites(leaf);
      batches_.store(batches_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    if (parent == nullptr && leaf->reads != nullptr) EndReadSet(leaf->reads);
    leaf->reads = nullptr;
    leaf->parent = nullptr;
    leaf->open = false;
    leaf->next_sibling = std::exchange(idle_, leaf);
    idle_count_++;
    if (leaf == batch) return;
    leaf = parent;
  }
}

void Session::DestroyWrites(Batch* batch) {
  if (batch->writes.size() == 0) return;
  batch->writes.ForEach([&](const Table::Slot& slot) { Entry::Destroy(store_->heap(), slot.ref); });
  batch->writes.Reset();
}

Cursor* Session::StartCursor(const Batch* batch, KeyFilter filter, bool keys_only) try {
  MutexLock lock(mutex_);
  if (!Usable(batch)) return nullptr;
  if (cursors_.size() == cursors_.capacity()) cursors_.reserve(2 * cursors_.size() + 8);
  auto cursor = Cursor::Start(*store_, *batch, std::move(filter), keys_only);
  if (cursor == nullptr) return nullptr;
  if (batch->reads != nullptr) batch->reads->AddScan();
  const Batch* root = batch;
  while (root->parent != nullptr) root = root->parent;
  snapshots_.AddBeside(&cursor->snapshot, &root->snapshot);
  cursor->place = cursors_.size();
  cursors_.push_back(std::move(cursor));
  return cursors_.back().get();
} catch (const std::bad_alloc&) {
  return nullptr;
}

int Session::Next(Cursor* cursor, Cursor::Chunk* chunk) {
  MutexLock lock(mutex_);
  return abandoned_ ? static_cast<int>(Status::kClosed) : cursor->Next(chunk);
}

void Session::EndCursor(Cursor* cursor) {
  MutexLock lock(mutex_);
  if (abandoned_) return;
  snapshots_.Remove(&cursor->snapshot);
  cursor->Release();
  // The last cursor moves to its place.
  const size_t place = cursor->place;
  cursors_.back()->place = place;
  std::swap(cursors_[place], cursors_.back());
  cursors_.pop_back();
  Reclaim(kReclaimStep);
}

void Session::Reclaim(size_t limit) {
  if (store_->Reclaim(limit) > 0) Reclaimer::Request(store_);
}

size_t Session::Reclaim() {
  constexpr size_t kIdleStep = 4096;
  MutexLock lock(mutex_);
  FreeIdle(kIdleBatches, kIdleStep);
  return abandoned_ ? 0 : store_->Reclaim(kIdleStep);
}

Session::Usage Session::GetUsage() const {
  return {party_.thread_id(), batches_.load(std::memory_order_relaxed), snapshots_.versions(),
          snapshots_.oldest()};
}

void Session::Abandon() {
  MutexLock lock(mutex_);
  abandoned_ = true;
  for (Batch* batch = roots_; batch != nullptr;) {
    batch->writes.Clear();
    if (batch->first_child != nullptr) {
      batch = batch->first_child;
      continue;
    }
    while (batch != nullptr && batch->next_sibling == nullptr) batch = batch->parent;
    if (batch != nullptr) batch = batch->next_sibling;
  }
  cursors_.clear();
  snapshots_.Clear();
  batches_.store(0, std::memory_order_relaxed);
}

}  // namespace memdb
