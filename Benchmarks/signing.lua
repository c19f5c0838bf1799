-- Signature scheme v1 of protocols/bank-hmac.md, by libcrypto through LuaJIT: wrk must cost little beside what it measures.
local ffi = require("ffi")
ffi.cdef[[
unsigned char *HMAC(
  const void *md, const void *key, int keylen, const unsigned char *d, size_t n, unsigned char *out, unsigned int *len);
const void *EVP_sha256(void);
unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md);
int EVP_EncodeBlock(unsigned char *t, const unsigned char *f, int n);
]]
local crypto = ffi.load("libcrypto.so.3")
local digest, length, text = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]"), ffi.new("unsigned char[64]")
local sha256 = crypto.EVP_sha256()

local digits = {}
for byte = 0, 255 do digits[byte] = string.format("%02x", byte) end
local parts = {}

local signing = {}

function signing.hash(body)
  crypto.SHA256(body, #body, digest)
  for i = 0, 31 do parts[i + 1] = digits[digest[i]] end
  return table.concat(parts, "", 1, 32)
end

function signing.sign(secret, lines)
  local message = table.concat(lines, "\n")
  crypto.HMAC(sha256, secret, #secret, message, #message, digest, length)
  return "v1=" .. ffi.string(text, crypto.EVP_EncodeBlock(text, digest, 32))
end

function signing.now() return os.date("!%Y-%m-%dT%H:%M:%SZ") end

return signing
