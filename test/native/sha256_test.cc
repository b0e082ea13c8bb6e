#include "core/sha256.h"

#include <cstring>
#include <string_view>
#include <vector>

#include "check.h"
#include "core/digest.h"

namespace memdb::test {
namespace {

// The whole of SHA-256 over one of the forms of its compression.
Digest Hash(Sha256Function compress, std::span<const uint8_t> message) {
  std::vector<uint8_t> padded(message.begin(), message.end());
  padded.push_back(0x80);
  while (padded.size() % 64 != 56) padded.push_back(0);
  const uint64_t bits = message.size() * 8;
  for (int shift = 56; shift >= 0; shift -= 8) {
    padded.push_back(static_cast<uint8_t>(bits >> shift));
  }
  Sha256State state = kSha256Start;
  compress(state, padded.data(), padded.size() / 64);
  return Sha256Finish(state);
}

std::string Hex(const Digest& digest) {
  uint8_t bytes[32];
  digest.Store(bytes);
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::vector<Sha256Function> Forms() {
  std::vector<Sha256Function> forms = {&Sha256CompressPortable, &Sha256Compress};
  if (Sha256Accelerated() != nullptr) forms.push_back(Sha256Accelerated());
  return forms;
}

// Vectors of FIPS 180-4 and its examples.
const struct {
  std::string message;
  const char* digest;
} kVectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnop"
     "jklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

TEST("sha256: the standard's vectors, in every form") {
  if (Sha256Accelerated() == nullptr) Note("this CPU has no instructions for SHA-256");
  for (const Sha256Function form : Forms()) {
    for (const auto& vector : kVectors) {
      CHECK_EQ(Hex(Hash(form, AsBytes(vector.message))), vector.digest);
    }
  }
}

TEST("sha256: all forms agree on any state, any count of blocks, any alignment") {
  for (int round = 0; round < Rounds(200); round++) {
    const size_t count = random.Below(9);
    const size_t offset = random.Below(16);
    const auto bytes = random.Bytes(offset + 64 * count);
    Sha256State start;
    for (uint32_t& word : start) word = static_cast<uint32_t>(random.Next());
    Sha256State expected = start;
    Sha256CompressPortable(expected, bytes.data() + offset, count);
    for (const Sha256Function form : Forms()) {
      Sha256State state = start;
      form(state, bytes.data() + offset, count);
      CHECK(state == expected);
    }
  }
}

TEST("sha256: a digest extended by a part of every length from 0 to 300") {
  for (size_t length = 0; length <= 300; length++) {
    const auto message = random.Bytes(sizeof(Digest) + length);
    const Digest extended =
        Digest::Load(message.data()).Extend(std::span(message).subspan(sizeof(Digest)));
    CHECK_EQ(Hex(extended), Hex(Hash(&Sha256CompressPortable, message)));
  }
  // Beyond what one call of the compression sees at a time.
  const auto large = random.Bytes(sizeof(Digest) + 100'000);
  CHECK(Digest::Load(large.data()).Extend(std::span(large).subspan(sizeof(Digest))) ==
        Hash(&Sha256CompressPortable, large));
}

}  // namespace
}  // namespace memdb::test
