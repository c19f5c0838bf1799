#pragma once
#include <arpa/inet.h>
#include <curl/curl.h>
#include <endian.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Doors for libcurl's variadic functions, one for each type of argument, so that Swift checks what is passed.

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

/// libcurl keeps a copy of the bytes.
static inline CURLcode ccurl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

static inline CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *list) {
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

/// For reading, writing and header functions, which have the same shape.
typedef size_t (*ccurl_data_function)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_data_function(CURL *easy, CURLoption option, ccurl_data_function function) {
  return curl_easy_setopt(easy, option, function);
}

static inline CURLcode ccurl_set_prereq_function(CURL *easy, curl_prereq_callback function) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}

static inline CURLcode ccurl_set_open_function(CURL *easy, curl_opensocket_callback function) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

static inline CURLcode ccurl_set_tls_function(CURL *easy, curl_ssl_ctx_callback function) {
  return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, function);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_socket_function(CURLM *multi, curl_socket_callback function) {
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}

static inline CURLMcode ccurl_multi_set_timer_function(CURLM *multi, curl_multi_timer_callback function) {
  return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}

/// The result of a finished transfer, which Swift cannot read out of the message's union.
static inline CURLcode ccurl_result(const CURLMsg *message) { return message->data.result; }

static inline void ccurl_block_sigpipe(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/// An IP address as a number; its width is 32 or 128 bits, or 0 where the address is of another family.
struct ccurl_address {
  int width;
  uint64_t high;
  uint64_t low;
};

static inline struct ccurl_address ccurl_read_address(const struct sockaddr *from) {
  struct ccurl_address address = {0, 0, 0};
  if (from->sa_family == AF_INET) {
    address.width = 32;
    address.low = ntohl(((const struct sockaddr_in *)from)->sin_addr.s_addr);
  } else if (from->sa_family == AF_INET6) {
    uint64_t halves[2];
    memcpy(halves, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof halves);
    address.width = 128;
    address.high = be64toh(halves[0]);
    address.low = be64toh(halves[1]);
  }
  return address;
}

/// Where libcurl is about to connect to. Its type shows the first 16 bytes only of what is an address of any family.
static inline struct ccurl_address ccurl_read_target(const struct curl_sockaddr *target) {
  return ccurl_read_address(&target->addr);
}

/// A host that is written as an IPv4 address in one of the ways of old, such as `0x7f.1`.
static inline struct ccurl_address ccurl_read_host(const char *host) {
  struct ccurl_address address = {0, 0, 0};
  struct in_addr found;
  if (inet_aton(host, &found)) {
    address.width = 32;
    address.low = ntohl(found.s_addr);
  }
  return address;
}
