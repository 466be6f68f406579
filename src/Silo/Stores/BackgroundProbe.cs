using Mesh.Contracts;

namespace Mesh.Silo.Stores;

/// <summary>
/// Looks at a store again and again: every two seconds while it is well, twice a second while it is not, and at once when somebody had trouble with it. It tells the
/// log when that changes, once.
/// </summary>
internal abstract class BackgroundProbe(string name, StoreRole role, string consequence, TimeProvider time, ILogger logger) : BackgroundService, IStoreHealth
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Alert = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _trouble = new(0, 1);

    private volatile StoreReport _current = new() { Name = name, Role = role, Healthy = true, Since = time.GetUtcNow() };

    public StoreReport Current => _current;

    /// <summary>Somebody's request failed: look now.</summary>
    public void Suspect()
    {
        try
        {
            if (_trouble.CurrentCount == 0)
            {
                _trouble.Release();
            }
        }
        catch (SemaphoreFullException)
        {
            // Another one said so at the same moment.
        }
    }

    public override void Dispose()
    {
        _trouble.Dispose();
        base.Dispose();
    }

    /// <summary>Tries it. Returns what an operator should change though it works, or null; throws when it does not work.</summary>
    protected abstract Task<string?> Try(CancellationToken cancel);

    /// <summary>What is wrong, in an operator's words.</summary>
    protected abstract string Explain(Exception failure);

    /// <summary>It works again.</summary>
    protected virtual Task Recovered(CancellationToken cancel) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Look(stoppingToken);
            await _trouble.WaitAsync(_current.Healthy ? Calm : Alert, stoppingToken);
        }
    }

    private async Task Look(CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            var warning = await Try(limit.Token).WaitAsync(limit.Token);
            await Found(true, null, warning, stopping);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            await Found(false, failure is OperationCanceledException ? $"It does not answer within {Patience.TotalSeconds:0} s." : Explain(failure), _current.Warning, stopping);
        }
    }

    private async Task Found(bool healthy, string? detail, string? warning, CancellationToken cancel)
    {
        var before = _current;
        _current = new()
        {
            Name = name,
            Role = role,
            Healthy = healthy,
            Since = healthy == before.Healthy ? before.Since : time.GetUtcNow(),
            Detail = detail,
            Warning = warning,
        };
        if (warning is not null && warning != before.Warning)
        {
            logger.LogWarning("{Store}: {Warning}", name, warning);
        }

        if (before.Healthy && !healthy)
        {
            logger.LogWarning("{Store} is away: {Detail} {Consequence}", name, detail, consequence);
        }
        else if (!before.Healthy && healthy)
        {
            logger.LogInformation("{Store} is back after {Seconds:0.0} s", name, (time.GetUtcNow() - before.Since).TotalSeconds);
            await Recovered(cancel);
        }
    }
}
