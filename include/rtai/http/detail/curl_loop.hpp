#pragma once

#include <asio/error_code.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <curl/curl.h>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rtai::http::detail {

/// One who has a request under way.
struct curl_client {
    virtual void done(CURLcode outcome) noexcept = 0;
    /// The loop is gone, and the request with it.
    virtual void orphaned() noexcept = 0;

    CURL* easy = nullptr;

protected:
    ~curl_client() = default;
};

/// What libcurl needs of the loop: sockets that are watched, and a timer. There is one for each shard: it is
/// a service of the shard's Asio context and so ends with it. Its connections stay open between requests.
class curl_loop final : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;

    explicit curl_loop(asio::io_context& context)
        : service(context), context_(context), timer_(context), multi_(begin()) {
        // Services end in the reverse order of their beginning: that of descriptors must outlive this one.
        const asio::posix::stream_descriptor first(context);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &curl_loop::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &curl_loop::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 64L);
    }
    ~curl_loop() override { close(); }

    static curl_loop& of(asio::io_context& context) { return asio::use_service<curl_loop>(context); }

    /// False: it can not be sent.
    bool add(curl_client& c) {
        curl_easy_setopt(c.easy, CURLOPT_PRIVATE, &c);
        if (multi_ == nullptr || curl_multi_add_handle(multi_, c.easy) != CURLM_OK) return false;
        clients_.insert(&c);
        return true;
    }
    /// Ends a request: one that is under way loses its connection now.
    void remove(curl_client& c) noexcept {
        if (clients_.erase(&c) > 0) curl_multi_remove_handle(multi_, c.easy);
    }

private:
    struct watch {
        explicit watch(asio::io_context& context) : descriptor(context) {}
        asio::posix::stream_descriptor descriptor;
        int wanted = 0;
        bool reads = false, writes = false;  // is waiting to
        bool gone = false;
    };

    static CURLM* begin() {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        CURLM* made = ready == CURLE_OK ? curl_multi_init() : nullptr;
        if (made == nullptr) throw std::runtime_error("libcurl can not be used here");
        return made;
    }

    void shutdown() override { close(); }

    void close() noexcept {
        auto* multi = std::exchange(multi_, nullptr);
        if (multi == nullptr) return;
        for (auto* c : std::exchange(clients_, {})) {
            curl_multi_remove_handle(multi, c->easy);
            c->orphaned();
        }
        curl_multi_cleanup(multi);
        while (!watches_.empty()) forget(watches_.begin()->first);
    }

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
        auto& me = *static_cast<curl_loop*>(self);
        me.forget_if(what == CURL_POLL_REMOVE, socket);
        if (what == CURL_POLL_REMOVE || me.multi_ == nullptr) return 0;
        try {
            auto& w = me.watches_[socket];
            if (!w) {
                w = std::make_shared<watch>(me.context_);
                asio::error_code wrong;
                w->descriptor.assign(socket, wrong);
                if (wrong) return me.forget(socket), -1;
            }
            w->wanted = what;
            me.arm(w);
            return 0;
        } catch (...) {
            return -1;
        }
    }

    void forget_if(bool yes, curl_socket_t socket) noexcept {
        if (yes) forget(socket);
    }
    /// The socket is libcurl's, which closes it.
    void forget(curl_socket_t socket) noexcept {
        const auto found = watches_.find(socket);
        if (found == watches_.end()) return;
        const auto w = std::move(found->second);
        watches_.erase(found);
        w->gone = true;
        if (w->descriptor.is_open()) w->descriptor.release();
    }

    void arm(const std::shared_ptr<watch>& w) {
        using descriptor = asio::posix::stream_descriptor;
        if ((w->wanted & CURL_POLL_IN) != 0 && !std::exchange(w->reads, true))
            w->descriptor.async_wait(descriptor::wait_read, [this, w](asio::error_code wrong) {
                w->reads = false;
                ready(w, CURL_POLL_IN, wrong ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
            });
        if ((w->wanted & CURL_POLL_OUT) != 0 && !std::exchange(w->writes, true))
            w->descriptor.async_wait(descriptor::wait_write, [this, w](asio::error_code wrong) {
                w->writes = false;
                ready(w, CURL_POLL_OUT, wrong ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
            });
    }

    void ready(const std::shared_ptr<watch>& w, int direction, int what) {
        if (w->gone) return;
        if ((w->wanted & direction) != 0) act(w->descriptor.native_handle(), what);
        if (!w->gone) arm(w);
    }

    static int on_timer(CURLM*, long ms, void* self) noexcept {
        auto& me = *static_cast<curl_loop*>(self);
        try {
            if (ms < 0) {
                me.timer_.cancel();
            } else {
                me.timer_.expires_after(std::chrono::milliseconds(ms));
                me.timer_.async_wait([&me](asio::error_code wrong) {
                    if (!wrong) me.act(CURL_SOCKET_TIMEOUT, 0);
                });
            }
            return 0;
        } catch (...) {
            return -1;
        }
    }

    void act(curl_socket_t socket, int what) noexcept {
        if (multi_ == nullptr) return;
        int running = 0;
        curl_multi_socket_action(multi_, socket, what, &running);
        int left = 0;
        while (const auto* told = curl_multi_info_read(multi_, &left)) {
            if (told->msg != CURLMSG_DONE) continue;
            void* client = nullptr;
            const auto outcome = told->data.result;
            curl_easy_getinfo(told->easy_handle, CURLINFO_PRIVATE, &client);
            if (client != nullptr) static_cast<curl_client*>(client)->done(outcome);
        }
    }

    asio::io_context& context_;
    asio::steady_timer timer_;
    CURLM* multi_;
    std::unordered_map<curl_socket_t, std::shared_ptr<watch>> watches_;
    std::unordered_set<curl_client*> clients_;
};

}  // namespace rtai::http::detail
