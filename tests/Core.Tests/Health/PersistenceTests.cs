using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Health;

public class PersistenceTests
{
    [Fact]
    public void A_state_with_everything_in_it_survives_json()
    {
        var state = new EndpointState
        {
            Spec = Given.Spec(lease: TimeSpan.FromSeconds(30)) with
            {
                Weight = 7,
                Locality = new Locality("eu", "eu-1", "rack"),
                Labels = ImmutableSortedDictionary<string, string>.Empty.Add("version", "v2"),
            },
            RegisteredAt = Given.At(1),
            LeaseExpires = Given.At(2),
            ExpiredAt = Given.At(3),
            Draining = true,
            Runs = new FailureRuns(1, 2, 3),
            Refusal = "full",
            Ejection = new Ejection(Given.At(4), Given.At(5), "why", true)
            {
                Evidence = new OutlierEvidence(OutlierDetector.SuccessRate, 5, 1),
                PolicySource = "DestinationRule/shop/cart@7",
            },
            Probe = new Probe(2, "why"),
            EjectionMultiplier = 6,
            LastMultiplierDecay = Given.At(7),
        };
        Assert.Equal(state, JsonSerializer.Deserialize<EndpointState>(JsonSerializer.Serialize(state)));
    }

    [Fact]
    public void A_fresh_state_survives_json()
    {
        var state = Given.Endpoint();
        Assert.Equal(state, JsonSerializer.Deserialize<EndpointState>(JsonSerializer.Serialize(state)));
    }

    [Fact]
    public void What_is_derived_is_not_written()
    {
        var json = JsonSerializer.Serialize(Given.Endpoint());
        Assert.DoesNotContain("\"Status\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("\"Reason\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ejection_of_before_evidence_was_kept_can_still_be_read()
    {
        var ejection = JsonSerializer.Deserialize<Ejection>(
            """{"At":"2030-01-01T12:00:00+00:00","Until":"2030-01-01T12:00:30+00:00","Reason":"why","Manual":false}""");
        Assert.Equal(new Ejection(Given.Start, Given.At(30), "why", false), ejection);
    }

    [Fact]
    public void Evidence_survives_json()
    {
        var evidence = new OutlierEvidence(OutlierDetector.FailedProbe, 3, 1);
        Assert.Equal(evidence, JsonSerializer.Deserialize<OutlierEvidence>(JsonSerializer.Serialize(evidence)));
    }
}
