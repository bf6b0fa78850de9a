// SPDX-License-Identifier: BSL-1.0
// What a proxy's client says itself.
#include "clients.hpp"
#include "spoil.hpp"

#include <string>

namespace simulation {

/// Which state its answer must show, by a text that its session was not handed; or that the active node is to
/// answer. Nothing is promised to such a request.
void clients::speak(operation& one)
{
    auto& host = processes_[one.process];
    one.said.reset();
    if (host.what.how != keeping::proxy || !sky_.strikes(fault::outspoken, one.site, time_.now(), one.luck))
        return;
    auto& fields = one.asked.fields;
    auto const& whose = scopes_[one.luck.below(scopes_.size())];
    auto const* const newest = whose.newest;
    bool const says_state = newest != nullptr && one.luck.per_mille(700);
    if (says_state) {
        std::string text(newest->text);
        if (&whose == &scopes_[one.scope] || one.luck.per_mille(300)) {
            spoil(text, fault::forged, book_, one.luck);
            forged_.insert(book_.read(text));
        }
        spoil(host.what.breaks, scopes_[one.scope], text, now_of(host));
        fields.emplace_back("X-Vault-Index", std::move(text));
    }
    if (!says_state || one.luck.per_mille(300)) {
        if (one.luck.per_mille(500))
            fields.emplace_back("X-Vault-Forward", "active-node");
        else
            fields.emplace_back("X-Vault-Inconsistent", "forward-active-node");
    }
    one.said = fields;
}

} // namespace simulation
