using Mesh.Simulation.Experiments;
using Mesh.Simulation.Nodes;

namespace Mesh.Simulation.Tests;

public sealed class LyingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    [InlineData(0)]
    public void Probe(int count)
    {
        var r = new LyingSetup { Lie = key => count == 0 ? new AbsurdFigures() : new InventedFailures(key, (ulong)count) }.Run(1);
        Assert.Fail($"{count}: {r.Evidence.Ejections.Count} of  most {r.MostOut} away {r.Away}: {string.Join(" | ", r.Evidence.Ejections.Take(6).Select(e => $"{e.At:mm:ss.fff} {e.EndpointId} {Mesh.Core.Ledger.EvidenceText.Of(e.Evidence!)} {string.Join(',', e.Evidence!.Sources.Select(x => $"{x.Proxy} {x.Count}"))}"))}");
    }
}
