namespace Mesh.Demo.Actors;

/// <summary>The processes that the control plane is made of: one that is all of it, or several silos that each can be lost.</summary>
internal interface IHost : IAsyncDisposable
{
    /// <summary>Whom to ask by REST; any of them has every answer.</summary>
    IReadOnlyList<Uri> Rest { get; }

    /// <summary>Where proxies subscribe, as <c>mesh-proxy --control-plane</c> takes it.</summary>
    string Grpc { get; }

    /// <summary>How many of them there are.</summary>
    int Count { get; }

    /// <summary>Who they are, for people: <c>process 123</c>, <c>3 silos</c>.</summary>
    string Who { get; }

    /// <summary>Memory of the largest.</summary>
    long ResidentBytes { get; }

    /// <summary>Starts all, or the one that was killed, and waits until it is ready.</summary>
    /// <returns>How long that took.</returns>
    Task<TimeSpan> Start(CancellationToken cancel);

    /// <summary>kill -9 to one; with several, to each in its turn.</summary>
    /// <returns>Whom it hit.</returns>
    string Kill();

    /// <summary>Fails loudly when one died by itself.</summary>
    void MustRun();
}
