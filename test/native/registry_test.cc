#include "core/registry.h"

#include <set>

#include "check.h"
#include "user.h"

namespace memdb::test {
namespace {

TEST("registry: a store is found by its id while a session uses it") {
  User user;
  const Store::Id id = user->store_id();
  CHECK(Registry::Instance().Find(id) != nullptr);
  Batch* batch = user.Begin();
  user.Put(batch, "key", "value");
  user.Commit(batch);

  // Its creator may leave first.
  User other(user, 1);
  user.Leave();
  CHECK(other.Now() == Pairs({{"key", "value"}}));
  User third(other, 2);
  other.Leave();
  CHECK(third.Now() == Pairs({{"key", "value"}}));
  third.Leave();
  CHECK(Registry::Instance().Find(id) == nullptr);
  CHECK(Session::Attach(id, 3) == nullptr);
}

TEST("registry: a closed store is not found, though sessions still use it") {
  User user;
  User other(user, 1);
  user->CloseStore();
  CHECK(other->closed());
  CHECK(Session::Attach(other->store_id(), 2) == nullptr);
  CHECK(Registry::Instance().Find(other->store_id()) == nullptr);
}

TEST("registry: an invented id finds nothing") {
  User user;
  CHECK(Session::Attach(Store::Id{}, 1) == nullptr);
  for (int i = 0; i < 10'000; i++) {
    Store::Id id;
    for (uint32_t& word : id) word = static_cast<uint32_t>(random.Next());
    CHECK(Session::Attach(id, 1) == nullptr);
    // Near misses of a real one.
    id = user->store_id();
    id[random.Below(id.size())] ^= 1u << random.Below(32);
    CHECK(Session::Attach(id, 1) == nullptr);
  }
  CHECK(Session::Attach(user->store_id(), 1) != nullptr);
}

TEST("registry: no two stores have the same id") {
  std::set<Store::Id> ids;
  for (int i = 0; i < 200; i++) CHECK(ids.insert(User()->store_id()).second);
}

}  // namespace
}  // namespace memdb::test
