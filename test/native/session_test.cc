#include "core/session.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "check.h"
#include "memory.h"
#include "user.h"

namespace memdb::test {
namespace {

// What a batch must see, as plain maps.
struct Model {
  Model* parent = nullptr;
  Pairs base;  // of a root batch: the store when it began
  std::map<std::string, std::optional<std::string>> writes;

  std::optional<std::string> Get(const std::string& key) const {
    if (const auto at = writes.find(key); at != writes.end()) return at->second;
    if (parent != nullptr) return parent->Get(key);
    const auto at = base.find(key);
    return at == base.end() ? std::nullopt : std::optional(at->second);
  }

  Pairs All() const {
    Pairs pairs = parent != nullptr ? parent->All() : base;
    Apply(&pairs);
    return pairs;
  }

  void Apply(Pairs* pairs) const {
    for (const auto& [key, value] : writes) {
      if (value) {
        (*pairs)[key] = *value;
      } else {
        pairs->erase(key);
      }
    }
  }
};

// A random program over one store: several sessions, each with batches nested in
// batches and iterations, every result compared with the model's.
class Program {
 public:
  explicit Program(Random& random) : random_(random) {
    users_.emplace_back(UINT64_MAX, 0);
    while (random_.OneIn(2)) Attach();
  }

  void Step() {
    switch (random_.Below(12)) {
      case 0:
        return Begin(nullptr);
      case 1:
        return open_.empty() ? Begin(nullptr) : Begin(&random_.Pick(open_));
      case 2:
      case 3:
      case 4:
        return Write();
      case 5:
      case 6:
        return Read();
      case 7:
        return Commit();
      case 8:
        return Discard();
      case 9:
        return random_.OneIn(2) ? StartWalk() : Compare();
      case 10:
        return Walk();
      case 11:
        return random_.OneIn(8) ? Leave() : CheckStats();
    }
  }

  // Leaves nothing but the data, and then not even that. Invariants 4 and 6.
  void Finish() {
    while (!walks_.empty()) EndWalk(walks_.size() - 1);
    while (!open_.empty()) Discard();
    while (users_.size() > 1) Leave();
    User& user = users_.front();
    CHECK(user.Now() == store_);
    user.ReclaimAll();
    CheckStats();
    CHECK_EQ(user.Stats().superseded, 0u);
    CHECK_EQ(user.Stats().snapshots, 0u);

    Batch* batch = user.Begin();
    for (const auto& [key, value] : store_) user.Delete(batch, key);
    user.Commit(batch);
    store_.clear();
    user.ReclaimAll();
    CheckStats();
    CHECK_EQ(user.Stats().superseded, 0u);
    CHECK_EQ(user->heap().used_bytes(), 0u);
  }

 private:
  struct Open {
    size_t user;
    Batch* batch;
    bool writable;
    std::unique_ptr<Model> model;
  };
  struct Walking {
    size_t user;
    Cursor* cursor;
    Pairs expected;
    Pairs shown;
  };

  void Attach() { users_.emplace_back(users_.front(), static_cast<int>(users_.size())); }

  std::string Key() { return "key " + std::to_string(random_.Below(24)); }
  std::string Value() {
    return random_.Text(random_.OneIn(10) ? random_.Below(5000) : random_.Below(80));
  }
  User& UserOf(const Open& open) { return users_[open.user]; }

  void Begin(Open* parent) {
    if (open_.size() > 20) return;
    Open open{random_.Below(users_.size()), nullptr, !random_.OneIn(3), std::make_unique<Model>()};
    if (parent == nullptr) {
      open.batch = users_[open.user].Begin(open.writable);
      open.model->base = store_;
    } else {
      open.user = parent->user;
      open.writable = open.writable && parent->writable;
      open.batch = UserOf(open).BeginNested(parent->batch, open.writable);
      open.model->parent = parent->model.get();
    }
    open_.push_back(std::move(open));
  }

  void Write() {
    if (open_.empty()) return;
    Open& open = random_.Pick(open_);
    if (!open.writable) return;
    const std::string key = Key();
    if (random_.OneIn(3)) {
      UserOf(open).Delete(open.batch, key);
      open.model->writes[key] = std::nullopt;
    } else {
      const std::string value = Value();
      UserOf(open).Put(open.batch, key, value);
      open.model->writes[key] = value;
    }
  }

  void Read() {
    if (open_.empty()) return;
    Open& open = random_.Pick(open_);
    if (random_.OneIn(2)) {
      const std::string key = Key();
      CHECK(UserOf(open).Get(open.batch, key) == open.model->Get(key));
      return;
    }
    std::vector<std::string> keys(random_.Below(50));
    std::vector<std::optional<std::string>> expected;
    for (std::string& key : keys) expected.push_back(open.model->Get(key = Key()));
    CHECK(UserOf(open).GetMany(open.batch, keys) == expected);
  }

  void Compare() {
    if (open_.empty()) return;
    Open& open = random_.Pick(open_);
    CHECK(UserOf(open).All(open.batch) == open.model->All());
  }

  void Commit() {
    if (open_.empty()) return;
    const size_t index = random_.Below(open_.size());
    Open& open = open_[index];
    User& user = UserOf(open);
    Model& model = *open.model;
    const bool update = random_.OneIn(3);
    int holder;
    if (update) CHECK(user->Lock(std::chrono::seconds(1), &holder) == Status::kOk);
    if (update && open.writable && model.parent == nullptr) {
      CHECK(user.TryCommit(open.batch, false) == Status::kNested);
    }
    user.Commit(open.batch, update);
    if (update) user->Unlock();
    if (model.parent == nullptr) {
      model.Apply(&store_);
    } else {
      for (auto& [key, value] : model.writes) model.parent->writes[key] = value;
    }
    Close(index);
  }

  void Discard() {
    if (open_.empty()) return;
    const size_t index = random_.Below(open_.size());
    UserOf(open_[index]).Discard(open_[index].batch);
    Close(index);
  }

  // The batch is closed, and with it those nested in it.
  void Close(size_t index) {
    CHECK(UserOf(open_[index]).TryPut(open_[index].batch, "key", "") == Status::kClosed);
    UserOf(open_[index]).Discard(open_[index].batch);
    std::vector<const Model*> closed = {open_[index].model.get()};
    for (size_t i = 0; i < closed.size(); i++) {
      for (const Open& open : open_) {
        if (open.model->parent == closed[i]) closed.push_back(open.model.get());
      }
    }
    std::erase_if(open_, [&](const Open& open) {
      return std::ranges::find(closed, open.model.get()) != closed.end();
    });
  }

  void StartWalk() {
    if (open_.empty()) return;
    Open& open = random_.Pick(open_);
    Cursor* cursor = UserOf(open)->StartCursor(open.batch, KeyFilter({}), false);
    CHECK(cursor != nullptr);
    walks_.push_back({open.user, cursor, open.model->All(), {}});
  }

  // An iteration shows the same pairs whatever happens after its start.
  void Walk() {
    if (walks_.empty()) return;
    const size_t index = random_.Below(walks_.size());
    Walking& walk = walks_[index];
    const bool more = users_[walk.user].Next(walk.cursor, random_.Between(1, 8),
                                             random_.Below(2000), &walk.shown);
    if (!more) CHECK(walk.shown == walk.expected);
    if (!more || random_.OneIn(10)) EndWalk(index);
  }

  void EndWalk(size_t index) {
    users_[walks_[index].user]->EndCursor(walks_[index].cursor);
    walks_.erase(walks_.begin() + static_cast<ptrdiff_t>(index));
  }

  // A session ends with all it has open.
  void Leave() {
    const size_t last = users_.size() - 1;
    if (last == 0) return Attach();
    users_.pop_back();
    std::erase_if(open_, [=](const Open& open) { return open.user == last; });
    std::erase_if(walks_, [=](const Walking& walk) { return walk.user == last; });
  }

  void CheckStats() {
    uint64_t bytes = 0;
    for (const auto& [key, value] : store_) bytes += key.size() + value.size();
    const Store::Stats stats = users_.front().Stats();
    CHECK_EQ(stats.entries, store_.size());
    CHECK_EQ(stats.bytes, bytes);
    size_t batches = 0;
    users_.front()->ForEachUsage([&](const Session::Usage& usage) { batches += usage.batches; });
    CHECK_EQ(batches, open_.size());
  }

  Random& random_;
  std::vector<User> users_;
  Pairs store_;
  std::vector<Open> open_;
  std::vector<Walking> walks_;
};

// Invariants 1, 2 and 4.
TEST("session: random programs of sessions, batches and iterations, against a plain model") {
  for (int i = 0; i < Rounds(200); i++) {
    Program program(random);
    for (int step = 0; step < 500; step++) program.Step();
    program.Finish();
  }
}

TEST("session: batches nested deep are closed with the outermost") {
  User user;
  for (const bool commit : {false, true}) {
    std::vector<Batch*> batches = {user.Begin()};
    for (int i = 0; i < 10'000; i++) batches.push_back(user.BeginNested(batches.back()));
    user.Put(batches.back(), "key", "deep");
    CHECK(user.Get(batches.back(), "key") == "deep");
    CHECK(user.Get(batches.front(), "key") == std::nullopt);
    if (commit) {
      user.Commit(batches.front());
    } else {
      user.Discard(batches.front());
    }
    for (Batch* batch : batches) CHECK(user.TryPut(batch, "key", "") == Status::kClosed);
  }
  CHECK(user.Now().empty());
  CHECK_EQ(user->heap().used_bytes(), 0u);
}

// One batch has a hundred thousand nested in it; each is closed in little time.
TEST("session: batches nested side by side are closed one by one") {
  User user;
  Batch* parent = user.Begin();
  std::vector<Batch*> batches;
  for (int i = 0; i < Rounds(100'000); i++) batches.push_back(user.BeginNested(parent));
  for (Batch* batch : batches) user.Discard(batch);
  CHECK(!user->HasNested(parent));
  user.Discard(parent);
}

// Counted as allocations of batches: those once open are neither kept nor looked at.
TEST("session: after very many batches were open, few are kept") {
  if (!kCountsMemory) return;
  User user;
  std::vector<Batch*> batches;
  for (int i = 0; i < 10'000; i++) batches.push_back(user.Begin());
  for (Batch* batch : batches) user.Discard(batch);
  user.ReclaimAll();
  for (int i = 0; i < 10'000; i++) user.Discard(user.Begin());
  batches.clear();
  const auto begins_without_memory = [&] {
    const FailingAllocation failing(0);
    Batch* batch = user->Begin(true);
    if (batch != nullptr) batches.push_back(batch);
    return batch != nullptr;
  };
  while (begins_without_memory()) {
  }
  CHECK(batches.size() >= 1 && batches.size() <= 100);
}

TEST("session: a pair whose size no iteration could return is refused") {
  User user;
  Batch* batch = user.Begin();
  // Refused before a byte is read.
  const uint8_t byte = 0;
  const std::span<const uint8_t> one(&byte, 1);
  for (const size_t size : {Entry::kMaxSize, Entry::kMaxSize + 1, 2 * Entry::kMaxSize + 1}) {
    const std::span<const uint8_t> large(&byte, size);
    CHECK(user->Put(batch, Digest{}, one, large) == Status::kFull);
    CHECK(user->Put(batch, Digest{}, large, one) == Status::kFull);
  }
  CHECK(user->Has(batch, Digest{}) == Status::kAbsent);
}

TEST("session: a session that ends frees the versions that only it saw") {
  User user;
  const auto fill = [&](const char* value) {
    Batch* batch = user.Begin();
    for (int i = 0; i < 20'000; i++) user.Put(batch, std::to_string(i), value);
    user.Commit(batch);
  };
  fill("first");
  User other(user, 1);
  other->StartCursor(other.Begin(), KeyFilter({}), false);
  fill("second");
  CHECK_EQ(user.Stats().superseded, 20'000u);
  other.Leave();
  CHECK_EQ(user.Stats().superseded, 0u);
}

TEST("session: usage reports what each thread has open, and since when") {
  User user(UINT64_MAX, 11);
  User other(user, 22);
  const auto usage_of = [&](int thread_id) {
    std::vector<Session::Usage> usages;
    user->ForEachUsage([&](const Session::Usage& usage) {
      if (usage.thread_id == thread_id) usages.push_back(usage);
    });
    CHECK_EQ(usages.size(), 1u);
    return usages[0];
  };
  CHECK_EQ(usage_of(22).batches, 0u);
  CHECK(usage_of(22).oldest == Clock::time_point::max());

  // The coarse clock is late, by a few milliseconds at most, and never early.
  const auto before = Clock::now() - std::chrono::milliseconds(20);
  Batch* batch = other.Begin();
  const auto after = Clock::now();
  other.BeginNested(batch);
  other->StartCursor(batch, KeyFilter({}), false);
  CHECK_EQ(usage_of(22).batches, 2u);
  CHECK_EQ(usage_of(22).snapshots, 1u);
  CHECK(before <= usage_of(22).oldest && usage_of(22).oldest <= after);
  Batch* writing = user.Begin();
  user.Put(writing, "key", "value");
  user.Commit(writing);
  other.Begin();
  CHECK_EQ(usage_of(22).batches, 3u);
  CHECK_EQ(usage_of(22).snapshots, 2u);
  CHECK_EQ(usage_of(11).batches, 0u);
  CHECK_EQ(user.Stats().snapshots, 2u);
  other.Leave();
  CHECK_EQ(user.Stats().snapshots, 0u);
}

}  // namespace
}  // namespace memdb::test
