using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Policies;
using Mesh.Core.Tests.Outliers;
using Xunit;

namespace Mesh.Core.Tests.Health;

/// <summary>
/// One endpoint as Envoy would treat it, written down the plain way: variables, one request at a time, no states, no effects; and the
/// return by a probe on top.
/// </summary>
internal sealed class StupidEndpoint(OutlierDetection policy)
{
    private int _inARow5xx;
    private int _inARowGateway;
    private int _successesInARow;
    private double _outUntil = -1;
    private double _healthySince = -1;
    private bool _probing;

    public bool Out { get; private set; }

    public int Multiplier { get; private set; }

    public HealthStatus Status =>
        Out ? HealthStatus.Ejected : _probing ? HealthStatus.Probing : _inARow5xx >= 2 ? HealthStatus.Suspect : HealthStatus.Healthy;

    public void Tick(double now)
    {
        if (Out && now >= _outUntil)
        {
            Out = false;
            _probing = true;
            _successesInARow = 0;
            _inARow5xx = 0;
            _inARowGateway = 0;
        }

        while (Multiplier > 0 && _healthySince >= 0 && now >= _healthySince + policy.Interval.TotalSeconds)
        {
            Multiplier--;
            _healthySince += policy.Interval.TotalSeconds;
        }
    }

    public void Request(Ending ending, double now)
    {
        if (Out)
        {
            return;
        }

        if (ending == Ending.Success)
        {
            _inARow5xx = 0;
            _inARowGateway = 0;
            _successesInARow++;
            if (_probing && _successesInARow == 3)
            {
                _probing = false;
                _healthySince = now;
            }

            return;
        }

        _successesInARow = 0;
        _inARow5xx++;
        _inARowGateway = ending == Ending.Other5xx ? 0 : _inARowGateway + 1;
        var condemned = _probing
            || _inARow5xx >= policy.Consecutive5xx
            || (policy.ConsecutiveGatewayFailure > 0 && _inARowGateway >= policy.ConsecutiveGatewayFailure);
        if (condemned)
        {
            Out = true;
            _probing = false;
            _healthySince = -1;
            Multiplier++;
            _outUntil = now + Math.Min(policy.BaseEjectionTime.TotalSeconds * Multiplier, policy.MaxEjectionTime.TotalSeconds);
        }
    }
}

public class AgainstTheStupidEndpoint
{
    [Fact]
    public void Request_by_request_the_machine_does_what_the_stupid_one_does() => Properties.Hold(
        Cases,
        given =>
        {
            var (gateway, baseTime, requests) = given;
            var policy = new OutlierDetection
            {
                Consecutive5xx = 4,
                ConsecutiveGatewayFailure = gateway,
                BaseEjectionTime = TimeSpan.FromSeconds(baseTime),
                MaxEjectionTime = TimeSpan.FromSeconds(60),
            };
            var (life, stupid, now) = (new Life(policy), new StupidEndpoint(policy), 0);
            foreach (var (after, ending) in requests)
            {
                now += after;
                stupid.Tick(now);
                life.On(new TimeElapsed(), now);
                stupid.Request(ending, now);
                life.Sees(Sequence.Observe([ending]), now);
                if (life.Last.Find<ProposeEjection>() is { } proposal)
                {
                    life.On(new EjectionAllowed(proposal.Reason), now);
                }

                Assert.Equal((stupid.Status, stupid.Multiplier), (life.Status, life.State.EjectionMultiplier));
            }
        },
        cases: 2000);

    private static Gen<(int Gateway, int Base, (int After, Ending Ending)[] Requests)> Cases =>
        from gateway in Gen.Choose(0, 3)
        from baseTime in Gen.Choose(1, 40)
        from requests in (
            from after in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(0, 50)))
            from ending in Gen.Elements(Ending.Success, Ending.Success, Ending.Other5xx, Ending.Gateway, Ending.Local)
            select (after, ending)).ArrayOf()
        select (gateway, baseTime, requests);
}
