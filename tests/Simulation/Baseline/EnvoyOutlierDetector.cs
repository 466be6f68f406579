using Mesh.Core.Policies;
using Mesh.Proxy.Upstream;

namespace Mesh.Simulation.Baseline;

/// <summary>
/// Outlier detection as Envoy does it, in one proxy, for one cluster: what mesh-wide verdicts are compared with. It follows
/// <c>source/common/upstream/outlier_detection_impl.cc</c> step by step: consecutive detectors act at once; the sweep first lets hosts return,
/// then judges the interval that has just ended; the multiplier grows with each ejection and shrinks with each sweep that finds the host in
/// rotation.
/// </summary>
public sealed class EnvoyOutlierDetector(OutlierDetection config, Random dice)
{
    private readonly SortedDictionary<string, EnvoyHost> _hosts = new(StringComparer.Ordinal);

    /// <summary>Hosts out of rotation now.</summary>
    public int EjectionsActive { get; private set; }

    /// <summary>Ejections so far.</summary>
    public long Ejections { get; private set; }

    /// <summary>How often one deserved it and the percentage did not allow it (<c>ejections_overflow</c>).</summary>
    public long Overflow { get; private set; }

    public bool IsEjected(string key) => _hosts.TryGetValue(key, out var host) && host.Ejected;

    /// <summary>Ejections of one host so far.</summary>
    public long EjectionsOf(string key) => _hosts.TryGetValue(key, out var host) ? host.Ejections : 0;

    public IEnumerable<string> Ejected => _hosts.Values.Where(host => host.Ejected).Select(host => host.Key);

    /// <summary>Sets who is a member of the cluster; those that stay keep their history.</summary>
    public void SetHosts(IEnumerable<string> keys)
    {
        var wanted = keys.ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _hosts.Keys.Where(key => !wanted.Contains(key)).ToList())
        {
            EjectionsActive -= _hosts[gone].Ejected ? 1 : 0;
            _hosts.Remove(gone);
        }

        foreach (var key in wanted)
        {
            _hosts.TryAdd(key, new EnvoyHost(key));
        }
    }

    /// <summary>A request ended (<c>putHttpResponseCode</c>, <c>putResult</c>).</summary>
    public void Put(string key, TryResult result, DateTimeOffset now)
    {
        if (result == TryResult.Ignored || !_hosts.TryGetValue(key, out var host))
        {
            return;
        }

        if (config.SplitExternalLocalOriginErrors)
        {
            host.LocalOrigin.Add(result != TryResult.LocalOrigin);
            if (result == TryResult.LocalOrigin)
            {
                if (Reached(++host.ConsecutiveLocalOriginFailure, config.ConsecutiveLocalOriginFailure))
                {
                    host.ConsecutiveLocalOriginFailure = 0;
                    Detected(host, config.EnforcingConsecutiveLocalOriginFailure, now);
                }

                return;
            }

            host.ConsecutiveLocalOriginFailure = 0;
        }

        host.External.Add(result == TryResult.Success);
        if (result == TryResult.Success)
        {
            (host.Consecutive5xx, host.ConsecutiveGatewayFailure) = (0, 0);
            return;
        }

        // Without the split a request without an answer is taken for a 503 or 504.
        host.ConsecutiveGatewayFailure = result == TryResult.ServerError ? 0 : host.ConsecutiveGatewayFailure + 1;
        if (Reached(host.ConsecutiveGatewayFailure, config.ConsecutiveGatewayFailure))
        {
            host.ConsecutiveGatewayFailure = 0;
            Detected(host, config.EnforcingConsecutiveGatewayFailure, now);
        }

        if (Reached(++host.Consecutive5xx, config.Consecutive5xx))
        {
            host.Consecutive5xx = 0;
            Detected(host, config.EnforcingConsecutive5xx, now);
        }
    }

    /// <summary>The sweep (<c>onIntervalTimer</c>).</summary>
    public void Sweep(DateTimeOffset now)
    {
        foreach (var host in _hosts.Values)
        {
            Return(host, now);
            host.External.Swap();
            host.LocalOrigin.Swap();
        }

        Compare(host => host.External, config.EnforcingSuccessRate, config.EnforcingFailurePercentage, now);
        if (config.SplitExternalLocalOriginErrors)
        {
            Compare(host => host.LocalOrigin, config.EnforcingLocalOriginSuccessRate, config.EnforcingFailurePercentageLocalOrigin, now);
        }
    }

    private static bool Reached(int run, int threshold) => threshold > 0 && run >= threshold;

    private void Return(EnvoyHost host, DateTimeOffset now)
    {
        if (!host.Ejected)
        {
            host.Multiplier = Math.Max(0, host.Multiplier - 1);
            return;
        }

        var most = config.MaxEjectionTime > config.BaseEjectionTime ? config.MaxEjectionTime : config.BaseEjectionTime;
        var length = config.BaseEjectionTime * host.Multiplier;
        if ((length < most ? length : most) + config.MaxEjectionTimeJitter * dice.NextDouble() <= now - host.LastEjection)
        {
            host.Ejected = false;
            host.ForgetRuns();
            EjectionsActive--;
        }
    }

    private void Compare(Func<EnvoyHost, EnvoyBucket> bucket, int enforcingRate, int enforcingPercentage, DateTimeOffset now)
    {
        var judged = _hosts.Values.Where(host => !host.Ejected && bucket(host).Total > 0).ToList();
        var rated = judged.Where(host => bucket(host).Total >= config.SuccessRateRequestVolume).ToList();
        if (rated.Count > 0 && rated.Count >= config.SuccessRateMinimumHosts)
        {
            var mean = rated.Average(host => bucket(host).SuccessRate);
            var variance = rated.Average(host => Math.Pow(bucket(host).SuccessRate - mean, 2));
            var threshold = mean - config.SuccessRateStdevFactor / 1000.0 * Math.Sqrt(variance);
            rated.Where(host => bucket(host).SuccessRate < threshold).ToList().ForEach(host => Detected(host, enforcingRate, now));
        }

        var counted = judged.Where(host => bucket(host).Total >= config.FailurePercentageRequestVolume).ToList();
        if (counted.Count > 0 && counted.Count >= config.FailurePercentageMinimumHosts)
        {
            counted.Where(host => 100 - bucket(host).SuccessRate >= config.FailurePercentageThreshold).ToList()
                .ForEach(host => Detected(host, enforcingPercentage, now));
        }
    }

    private void Detected(EnvoyHost host, int enforcing, DateTimeOffset now)
    {
        if (host.Ejected)
        {
            return;
        }

        var within = 100.0 * (EjectionsActive + 1) / _hosts.Count <= config.MaxEjectionPercent;
        if (!within && !(config.AlwaysEjectOneHost && EjectionsActive == 0))
        {
            Overflow++;
        }
        else if (dice.Next(100) < enforcing)
        {
            host.Ejected = true;
            host.Ejections++;
            host.LastEjection = now;
            // It stops growing where a longer ejection would not become longer.
            var most = config.MaxEjectionTime > config.BaseEjectionTime ? config.MaxEjectionTime : config.BaseEjectionTime;
            host.Multiplier += config.BaseEjectionTime * host.Multiplier < most + config.BaseEjectionTime ? 1 : 0;
            EjectionsActive++;
            Ejections++;
        }
    }
}
