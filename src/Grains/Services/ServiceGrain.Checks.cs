using Mesh.Core.Outliers;

namespace Mesh.Grains.Services;

/// <content>Active checks, as far as they are the service's: whether there is traffic, and the verdict on endpoints whose checks fail.</content>
public sealed partial class ServiceGrain
{
    private DateTimeOffset _lastRequest;

    /// <summary>Until a report says otherwise there is traffic for a while: a service that has just begun cannot know.</summary>
    private bool HasTraffic => _time.GetUtcNow() - _lastRequest < _settings.TrafficFades;

    private void NoteTraffic(ServiceReport report)
    {
        if (report.Observations.Any(seen => seen.Succeeded > 0 || seen.Failed > 0))
        {
            _lastRequest = _time.GetUtcNow();
        }
    }

    /// <summary>Decides on what an endpoint's checks have given reason for. Without an answer: a look or a hint finds the same proposal again.</summary>
    private async Task JudgeChecks(EjectionProposal? proposal)
    {
        if (proposal is not null && _awake)
        {
            await _turns.Take(BudgetTurn, () => Judge([proposal]));
            Publish();
        }
    }
}
