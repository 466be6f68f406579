using Mesh.Core.Health;
using Mesh.Grains.Checks;
using Orleans;

namespace Mesh.Grains.Endpoints;

/// <content>Active checks: begun in a turn, made outside of it, and ended by a message in a turn of their own.</content>
public sealed partial class EndpointGrain
{
    private readonly CheckRunner _checks;
    private readonly string _service;
    private EndpointSpec? _checked;

    /// <inheritdoc/>
    public async Task CheckEnded(bool passed, string? note)
    {
        await Load();
        var begunOn = _checked;
        _checked = null;
        // The answer of a process that another has taken the place of says nothing; nor does one that an earlier activation waited for.
        if (begunOn is not null && _state?.Spec.IsSameLife(begunOn) == true)
        {
            await Step(new CheckEnded(passed, note));
        }
    }

    private void Begin(RunCheck run)
    {
        _checked = _state!.Spec;
        var grain = this.AsReference<ICheckedGrain>();
        _ = _checks.RunAside(_service, run.Check, _checked.Address, _checked.Port, result => grain.CheckEnded(result.Passed, result.Note));
    }
}
