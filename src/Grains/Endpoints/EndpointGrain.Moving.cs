using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Policies;

namespace Mesh.Grains.Endpoints;

/// <content>Moving house: out as it is, in as it was.</content>
public sealed partial class EndpointGrain
{
    /// <inheritdoc/>
    public async Task<MovedEndpoint?> Export(TrafficPolicy policy)
    {
        await Load();
        return _state is null ? null : MovedEndpoint.Of(_state, policy, _time.GetUtcNow());
    }

    /// <inheritdoc/>
    public async Task<AdoptedEndpoint> Adopt(MovedEndpoint endpoint, OnConflict onConflict, TrafficPolicy policy, bool dryRun)
    {
        await Load();
        var now = _time.GetUtcNow();
        if (_state is { } here)
        {
            if (endpoint.IsAlready(here, policy, now))
            {
                await Confirm();
                return new(Moved.Equal, View());
            }

            if (onConflict != OnConflict.Replace)
            {
                return new(Moved.Conflict(onConflict, Another(endpoint, here)), View());
            }
        }

        if (dryRun)
        {
            return new(Moved.Written, View());
        }

        var state = endpoint.LiveOn(policy, now);
        (_policy, _attached) = (policy, true);
        await Write(row => row.After(state, policy, null, now));
        _state = state;
        // What time has brought about meanwhile is done at once: an ejection that ended on the way ends, and the timer is set.
        await Step(new TimeElapsed());
        return new(Moved.Written, View());
    }

    private Problem Another(MovedEndpoint endpoint, EndpointState here) => new(
        ProblemKind.Conflict,
        "id",
        _key.ToString(),
        here.Spec.IsSameLife(endpoint.Spec)
            ? $"Endpoint {_key} is registered here and has lived on: it is {here.Status}, and the import says otherwise."
            : $"Endpoint {_key} is registered here by another instance, at {here.Spec.Address}:{here.Spec.Port}.",
        "Import with onConflict=skip to keep what runs here, or with replace to have what is imported.");
}
