using System.Collections.Immutable;
using System.Diagnostics;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Gateway.Telemetry;

namespace Mesh.Gateway.Streams;

/// <summary>
/// What was reported of one service and not passed on yet. At most one call is under way; a report that was not taken goes back in front of what came
/// since, and is dropped when it has failed too often: by then it tells of a past that nobody should be ejected for.
/// </summary>
internal sealed class ServiceReports(ServiceId service, string reporter, Func<ServiceReport, Task<bool>> judge, int retries, TimeProvider time)
{
    private readonly Lock _gate = new();
    private ReportAccumulator _waiting = new();
    private bool _calling;
    private int _failures;
    private Task _call = Task.CompletedTask;

    /// <summary>Adds observations; when there are failures among them and the service listens, they leave now.</summary>
    public void Add(ImmutableArray<EndpointObservation> observations)
    {
        lock (_gate)
        {
            foreach (var observation in observations)
            {
                _waiting.Add(observation);
            }
        }

        // After a call that failed only the interval tries again, so that a service in trouble is not hammered.
        Start(urgent: true);
    }

    /// <summary>Passes on what there is, unless a call is under way.</summary>
    public void Flush() => Start(urgent: false);

    /// <summary>Passes on all there is, one call after the other.</summary>
    public async Task Finish(CancellationToken cancellationToken)
    {
        while (true)
        {
            Flush();
            Task call;
            lock (_gate)
            {
                if (!_calling && _waiting.Count == 0)
                {
                    return;
                }

                call = _call;
            }

            await call.WaitAsync(cancellationToken);
            if (_failures > 0)
            {
                // It was not taken, and there is no time for a second interval.
                return;
            }
        }
    }

    private void Start(bool urgent)
    {
        ImmutableArray<EndpointObservation> observations;
        lock (_gate)
        {
            if (_calling || _waiting.Count == 0 || (urgent && (!_waiting.HasFailures || _failures > 0)))
            {
                return;
            }

            _calling = true;
            observations = _waiting.Flush();
            // On the pool, so that the call is known before it can end.
            _call = Task.Run(() => Call(observations));
        }
    }

    private async Task Call(ImmutableArray<EndpointObservation> observations)
    {
        bool taken;
        // A root of its own: the stream it came by lives for days.
        Activity.Current = null;
        using (var activity = MeshTelemetry.Source.StartActivity("report", ActivityKind.Producer))
        {
            activity?.SetTag("mesh.service", service.ToString())
                .SetTag("mesh.report.endpoints", observations.Length)
                .SetTag("mesh.report.failed", observations.Sum(o => o.Failed));
            taken = await judge(new ServiceReport { Service = service, Reporter = reporter, SentAt = time.GetUtcNow(), Observations = observations });
        }

        lock (_gate)
        {
            _calling = false;
            if (taken)
            {
                _failures = 0;
            }
            else if (++_failures <= retries)
            {
                PutBack(observations);
            }
            else
            {
                _failures = 1;
                StreamMetrics.Reported("dropped");
            }
        }

        Start(urgent: true);
    }

    private void PutBack(ImmutableArray<EndpointObservation> observations)
    {
        var since = _waiting.Flush();
        _waiting = new ReportAccumulator();
        foreach (var observation in observations.Concat(since))
        {
            _waiting.Add(observation);
        }
    }
}
