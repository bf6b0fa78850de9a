// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/model.hpp"
#include "world.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulation {

/// A place in a log: in which epoch an entry was written, and where. An epoch ends when a snapshot is
/// restored, or a replica promoted. 0:0 is before all entries.
struct version {
    std::uint32_t epoch = 0;
    std::uint64_t position = 0;

    friend constexpr auto operator<=>(version const&, version const&) = default;
};

/// What a node showed of a key when it executed a read: a version, and the next one that there was by then.
/// The node has nothing from there on, since it applies the log in its order.
struct sight {
    version shown{};
    std::optional<version> next{};
    std::uint64_t value = 0; ///< of a removal its number; 0: nothing was ever there
    std::uint32_t epoch = 1; ///< that of the log then
    bool is_hidden = false;  ///< the node says that it has the next one, and shows it not yet
    bool is_real = true;     ///< false: it showed a value that was never written there
};

/// Knows all versions of each key, in the order in which the logs have them. Fed by what is executed, not by
/// what is answered; knows nothing of the library.
class oracle {
public:
    /// `keys`: of each home and mount.
    oracle(std::size_t sites, std::size_t keys) : stores_(sites), keys_(keys)
    {
        for (auto& each : stores_)
            each.keys.resize(2 * sites * keys + 1);
    }

    [[nodiscard]] std::uint32_t epoch(std::size_t store) const { return stores_[store].epoch; }

    /// Of each home and mount.
    [[nodiscard]] std::size_t keys() const { return keys_; }

    /// `value`: another one for each write of the run, a removal included, and not 0.
    version executed(std::size_t store, key_place const& key, std::uint64_t value, std::uint64_t position,
                     bool removes = false)
    {
        version const where{stores_[store].epoch, position};
        stores_[store].keys[place_of(key)].push_back({where, value, removes});
        return where;
    }

    /// A read shows this value, 0: nothing, at a node that has the log so far. (The same value may have been
    /// written twice, and the key removed more than once.)
    [[nodiscard]] sight look(std::size_t store, key_place const& key, std::uint64_t value,
                             std::uint64_t so_far = ~std::uint64_t{}) const;

    /// A list shows which keys are there of those that lie beside this one, by their numbers. Which of the
    /// values a key has it does not show.
    [[nodiscard]] sight look_around(std::size_t store, key_place key, std::vector<bool> const& there,
                                    std::uint64_t so_far = ~std::uint64_t{}) const;

    /// A login makes a token.
    version logged_in(std::size_t store, std::uint64_t value, std::uint64_t position)
    {
        version const where{stores_[store].epoch, position};
        stores_[store].keys.back().push_back({where, value, false});
        return where;
    }

    /// A node knows a token that was made there, or does not.
    [[nodiscard]] sight look_up(std::size_t store, version const& made, bool is_known) const;

    struct entry {
        version where;
        std::uint64_t value;
        bool removes;
    };
    using versions = std::vector<std::vector<entry>>; ///< of each key; those of the shared mount first, and
                                                      ///< the tokens last, which no cluster shares

    [[nodiscard]] versions const& snapshot(std::size_t store) const { return stores_[store].keys; }

    /// A snapshot was restored: what was written since is gone, and what comes is of another history.
    void begin_epoch(std::size_t store, versions saved)
    {
        stores_[store].keys = std::move(saved);
        ++stores_[store].epoch;
    }

    /// The same, where what was written after `last` is gone.
    void begin_epoch(std::size_t store, std::uint64_t last)
    {
        for (auto& key : stores_[store].keys)
            drop_after(key, last);
        ++stores_[store].epoch;
    }

    /// A secondary has become a primary, and keeps what has arrived of its primary's log, up to `last`.
    void adopt(std::size_t store, std::size_t primary, std::uint64_t last)
    {
        auto& of = stores_[store];
        auto const shared = of.keys.size() / 2;
        for (std::size_t i = 0; i < shared; ++i) {
            of.keys[i] = stores_[primary].keys[i];
            drop_after(of.keys[i], last);
        }
        ++of.epoch;
    }

private:
    static void drop_after(std::vector<entry>& of_key, std::uint64_t last)
    {
        std::erase_if(of_key, [&](entry const& each) { return each.where.position > last; });
    }

    struct one_store {
        std::uint32_t epoch = 1;
        versions keys{};
    };

    [[nodiscard]] sight look_whether(std::size_t store, key_place const& key, bool is_there,
                                     std::uint64_t so_far) const;

    [[nodiscard]] std::size_t place_of(key_place const& key) const
    {
        return ((key.is_own ? stores_.size() : 0) + key.home) * keys_ + key.number;
    }

    std::vector<one_store> stores_;
    std::size_t keys_;
};

/// What a scope was promised to see: of each log, and from each site, up to where; for as long as a fence
/// stands, or for as long as there is the log.
class promises {
public:
    [[nodiscard]] version const& of(log_view const& log) const
    {
        return std::max(of_[log.seen_from][log.store], fenced_[log.seen_from][log.store]);
    }
    void bind(log_view const& log, version const& up_to) { raise(of_, log, up_to); }
    void bind_by_fence(log_view const& log, version const& up_to) { raise(fenced_, log, up_to); }
    void release() { of_ = fenced_ = {}; }
    void release(std::size_t seen_from) { of_[seen_from] = fenced_[seen_from] = {}; }
    void release_fences() { fenced_ = {}; }
    void release_fences(std::size_t seen_from) { fenced_[seen_from] = {}; }

    /// Of what a secondary shows of its primary's log.
    void release_copies()
    {
        for (std::size_t seen_from = 0; seen_from < most_sites; ++seen_from)
            for (std::size_t store = 0; store < most_sites; ++store)
                if (store != seen_from)
                    of_[seen_from][store] = fenced_[seen_from][store] = {};
    }

private:
    static constexpr std::size_t most_sites = 3;
    using versions = std::array<std::array<version, most_sites>, most_sites>;

    static void raise(versions& all, log_view const& log, version const& up_to)
    {
        auto& known = all[log.seen_from][log.store];
        known = std::max(known, up_to);
    }

    versions of_{};
    versions fenced_{};
};

/// What an index text means, read by the cluster's own codec.
struct index_meaning {
    bool is_known = false; ///< it can be read
    bool is_vault = false;
    std::string_view cluster{};
    cluster::position where{}; ///< of OpenBao, in `local`
    bool is_lsn = false;       ///< of OpenBao: PostgreSQL's text of a number
    std::string_view text{};
    std::size_t number = 0; ///< of all texts of its book
};

/// Every text that anybody ever read, and what it means: each is read once, and stays where it is.
class index_book {
public:
    [[nodiscard]] index_meaning const& read(std::string_view text);

    /// By their numbers.
    [[nodiscard]] std::vector<index_meaning const*> const& all() const { return all_; }

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    [[nodiscard]] index_meaning meaning_of(std::string_view text);

    std::unordered_map<std::string, index_meaning, hash, std::equal_to<>> known_;
    std::set<std::string, std::less<>> clusters_; ///< their names, of which there are few
    std::vector<index_meaning const*> all_;
    index_meaning const* last_ = nullptr; ///< the same is read several times in a row
};

/// Texts of a book, by their numbers there.
class text_set {
public:
    [[nodiscard]] bool contains(index_meaning const& text) const
    {
        return text.number < has_.size() && has_[text.number];
    }

    /// Whether it was not there before.
    bool insert(index_meaning const& text)
    {
        if (contains(text))
            return false;
        has_.resize(std::max(has_.size(), text.number + 1));
        return has_[text.number] = true;
    }

    void insert(text_set const& other)
    {
        has_.resize(std::max(has_.size(), other.has_.size()));
        for (std::size_t i = 0; i < other.has_.size(); ++i)
            has_[i] = has_[i] || other.has_[i];
    }

private:
    std::vector<bool> has_;
};

} // namespace simulation
