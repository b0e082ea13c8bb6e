// The module: makes a Client for each face that opens it, and the functions through
// which the face calls it.

#include <napi.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client.h"
#include "constants.h"
#include "core/reclaimer.h"
#include "pin.h"

namespace memdb {
namespace {

// A client, and what it needs kept alive of JavaScript's.
struct Opened {
  Client client;
  Napi::Reference<Napi::ArrayBuffer> exchange;
  Napi::Reference<Napi::Uint8Array> slab;
};

// How many of them the process has.
std::atomic<int> clients{0};

bool Read(napi_env env, napi_value value, int32_t* to) {
  return napi_get_value_int32(env, value, to) == napi_ok;
}
bool Read(napi_env env, napi_value value, std::span<uint8_t>* to) {
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) {
    return false;
  }
  if (type != napi_uint8_array) return false;
  *to = {static_cast<uint8_t*>(data), length};
  return true;
}

// The arguments of one call, in order: arrays as JavaScript passes them, integers
// and the one number there may be from the exchange's registers.
class Arguments {
 public:
  Arguments(napi_env env, const Exchange& exchange, const napi_value* arrays)
      : env_(env), exchange_(exchange), next_array_(arrays) {}

  template <typename T>
  T Take() {
    if constexpr (std::is_same_v<T, double>) {
      return exchange_.number();
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(exchange_.word(Exchange::kArguments + next_word_++));
    } else {
      T array;
      readable_ = Read(env_, *next_array_++, &array) && readable_;
      return array;
    }
  }
  bool readable() const { return readable_; }

 private:
  const napi_env env_;
  const Exchange& exchange_;
  const napi_value* next_array_;
  size_t next_word_ = 0;
  bool readable_ = true;
};

// Calls a method of the client and leaves its answer in the exchange. A wrong
// argument is a Misuse; lack of memory is Full.
template <auto Method, typename Result, typename... Parameters>
napi_value Invoke(napi_env env, napi_callback_info info,
                  Result (Client::*)(Parameters...)) noexcept {
  constexpr size_t kArrays = (size_t{!std::is_arithmetic_v<Parameters>} + ... + 0);
  static_assert(sizeof...(Parameters) - kArrays <= Exchange::kArgumentCount);
  static_assert((size_t{std::is_same_v<Parameters, double>} + ... + 0) <= 1);
  napi_value arrays[kArrays + 1];
  size_t count = kArrays;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, arrays, nullptr, &data) != napi_ok) return nullptr;
  auto& client = static_cast<Opened*>(data)->client;
  int32_t& answer = client.exchange().word(Exchange::kAnswer);
  Arguments arguments(env, client.exchange(), arrays);
  std::tuple<Parameters...> values{arguments.Take<Parameters>()...};
  answer = static_cast<int32_t>(Status::kMisuse);
  if (!arguments.readable()) return nullptr;
  try {
    answer = static_cast<int32_t>(
        std::apply([&](auto... value) { return (client.*Method)(value...); }, values));
  } catch (const std::bad_alloc&) {
    answer = static_cast<int32_t>(Status::kFull);
  }
  return nullptr;
}

template <auto Method>
napi_value Call(napi_env env, napi_callback_info info) {
  return Invoke<Method>(env, info, Method);
}

Opened* OpenedOf(const Napi::CallbackInfo& info) {
  return static_cast<Opened*>(info.Data());
}

Napi::Value Stats(const Napi::CallbackInfo& info) {
  std::vector<double> numbers;
  int32_t database;
  try {
    if (Read(info.Env(), info[0], &database)) numbers = OpenedOf(info)->client.Stats(database);
  } catch (const std::bad_alloc&) {
    Napi::Error::New(info.Env(), "no memory for the stats").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto array = Napi::Array::New(info.Env(), numbers.size());
  for (size_t i = 0; i < numbers.size(); i++) {
    array[static_cast<uint32_t>(i)] = Napi::Number::New(info.Env(), numbers[i]);
  }
  return array;
}

// The slab is kept alive here; that its memory is still there (JavaScript can
// detach it) is what the face checks before every call.
Napi::Value UseSlab(const Napi::CallbackInfo& info) {
  std::span<uint8_t> memory;
  if (!Read(info.Env(), info[0], &memory)) {
    return Napi::Number::New(info.Env(), static_cast<double>(Status::kMisuse));
  }
  Opened* opened = OpenedOf(info);
  opened->slab = Napi::Persistent(info[0].As<Napi::Uint8Array>());
  return Napi::Number::New(info.Env(), opened->client.UseSlab(memory));
}

struct Function {
  const char* name;
  napi_callback call;
};

constexpr Function kFunctions[] = {
    {"create", Call<&Client::Create>},   {"attach", Call<&Client::Attach>},
    {"close", Call<&Client::Close>},     {"closed", Call<&Client::Closed>},
    {"lock", Call<&Client::Lock>},       {"unlock", Call<&Client::Unlock>},
    {"begin", Call<&Client::Begin>},     {"beginNested", Call<&Client::BeginNested>},
    {"get", Call<&Client::Get>},         {"getInto", Call<&Client::GetInto>},
    {"has", Call<&Client::Has>},         {"getMany", Call<&Client::GetMany>},
    {"put", Call<&Client::Put>},         {"putLarge", Call<&Client::PutLarge>},
    {"delete", Call<&Client::Delete>},   {"commit", Call<&Client::Commit>},
    {"discard", Call<&Client::Discard>}, {"cursor", Call<&Client::StartCursor>},
    {"next", Call<&Client::Next>},       {"endCursor", Call<&Client::EndCursor>},
    {"reclaim", Call<&Client::Reclaim>}, {"endCalls", Call<&Client::EndCalls>},
    {"version", Call<&Client::Version>}, {"batchVersion", Call<&Client::BatchVersion>},
    {"reads", Call<&Client::Reads>},     {"clear", Call<&Client::Clear>},
    {"join", Call<&Client::Join>},       {"leave", Call<&Client::Leave>},
};

// open(exchange: ArrayBuffer, threadId: number): the functions, of a new client.
Napi::Value Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArrayBuffer() || info[0].As<Napi::ArrayBuffer>().ByteLength() != Exchange::kSize ||
      !info[1].IsNumber()) {
    Napi::TypeError::New(env, "open takes the exchange and the thread id")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto buffer = info[0].As<Napi::ArrayBuffer>();
  auto* opened = new Opened{
      Client(env, static_cast<uint8_t*>(buffer.Data()), info[1].As<Napi::Number>().Int32Value()),
      Napi::Persistent(buffer),
      {}};
  // Ends the sessions whichever way the thread ends.
  clients.fetch_add(1, std::memory_order_relaxed);
  const auto end = [](void* data) {
    delete static_cast<Opened*>(data);
    // After the last one no thread of ours may run: the process ends.
    if (clients.fetch_sub(1, std::memory_order_acq_rel) == 1) Reclaimer::Instance().Stop();
  };
  napi_add_env_cleanup_hook(env, end, opened);

  auto functions = Napi::Object::New(env);
  for (const Function& function : kFunctions) {
    napi_value value;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, opened, &value) ==
        napi_ok) {
      functions.Set(function.name, value);
    }
  }
  functions.Set("stats", Napi::Function::New(env, Stats, "stats", opened));
  functions.Set("useSlab", Napi::Function::New(env, UseSlab, "useSlab", opened));
  return functions;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  PinBinary();
  exports.Set("open", Napi::Function::New(env, Open, "open"));
  exports.Set("layout", Napi::Number::New(env, Exchange::kLayout));
  exports.Set("constants", Constants(env));
  return exports;
}

}  // namespace
}  // namespace memdb

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return memdb::Init(env, exports);
}
NODE_API_MODULE(accumulate_memdb, InitAddon)
