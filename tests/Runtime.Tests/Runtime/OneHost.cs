using Mesh.Testing;
using Orleans;
using Xunit;

namespace Mesh.Runtime.Tests.Runtime;

/// <summary>One silo for a class of tests that do not move its clock.</summary>
public sealed class OneHost : IAsyncLifetime
{
    private GrainHost? _host;

    public IGrainFactory Grains => _host!.Grains;

    public async ValueTask InitializeAsync() => _host = await GrainHost.StartAsync();

    public async ValueTask DisposeAsync() => await _host!.DisposeAsync();
}
