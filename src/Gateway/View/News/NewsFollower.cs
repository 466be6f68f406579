using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.Gateway.View.News;

/// <summary>What silos' news are good for: the view's side of <see cref="NewsFollower"/>. None of it waits.</summary>
internal interface INewsReader
{
    /// <summary>A silo has this.</summary>
    void Seen(Seen<ServiceId> service);

    /// <summary>A service is nowhere any more, as far as is known: somebody has to call it, or nobody looks after its endpoints.</summary>
    void Orphaned(ServiceId service);

    /// <summary>A service's silo has been silent and may have forgotten who watches it; or it may have moved, and this finds out.</summary>
    void Doubted(ServiceId service);

    /// <summary>A silo has this shard of the catalog.</summary>
    void Seen(Seen<int> shard);

    /// <summary>A shard is nowhere any more.</summary>
    void Orphaned(int shard);
}

/// <summary>
/// Asks each silo once a second what changed on it, so that what no hint has told is known a second later: hints are lost when a grain has moved and forgot who
/// watched it, and when a silo dies. It costs a call for each silo and what changed, whatever the number of services.
/// </summary>
/// <remarks>
/// A silo that leaves takes its grains with it, and leases, checks and returning ejections stand still until somebody calls them: so they are called at once. One
/// that is still a member but does not answer is left alone, as calls to it would only wait; one of its services is tried each second, and if that one answers it
/// has moved, and so have the others.
/// </remarks>
internal sealed class NewsFollower
{
    private readonly IMeshSource _source;
    private readonly ViewOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly INewsReader _reader;
    private readonly Places _places = new();
    private readonly SiloTable _silos;
    private readonly Contact _contact;
    private readonly long _origin;
    private TimeSpan? _tried;
    private bool _askingMembers;
    private bool _saidSo;

    public NewsFollower(IMeshSource source, ViewOptions options, TimeProvider time, ILogger logger, INewsReader reader)
    {
        (_source, _options, _time, _logger, _reader) = (source, options, time, logger, reader);
        _origin = time.GetTimestamp();
        _silos = new SiloTable(TimeSpan.Zero, options.SilentAfter);
        _contact = new Contact(options.StaleAfter);
    }

    /// <summary>The silos, as this gateway knows them.</summary>
    public ImmutableArray<SiloMember> Members => _silos.Members;

    /// <summary>Whether the picture is as new as it can be.</summary>
    public bool InTouch => _contact.Look(Now, _silos.InTouchAt);

    /// <summary>How long ago at least half of the silos were last heard of.</summary>
    public TimeSpan Age => Now - _silos.InTouchAt;

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    /// <summary>Follows until it is cancelled.</summary>
    public async Task Run(CancellationToken stopping)
    {
        using var clock = new PeriodicTimer(_options.MembersPeriod, _time);
        do
        {
            Look(stopping);
        }
        while (await clock.WaitForNextTickAsync(stopping));
    }

    /// <summary>Whether calls to this service would only wait, because its silo does not answer.</summary>
    public bool IsOutOfReach(ServiceId service) => _places.Of(service) is { } silo && _silos.IsSilent(silo);

    /// <summary>A service has answered. If its silo does not, the service has moved, and its neighbours have too.</summary>
    public void Answered(ServiceId service)
    {
        if (_places.Of(service) is { } silo && _silos.IsSilent(silo))
        {
            // It may come back and have them all the same: then it tells everything again.
            _silos.Forget(silo);
            Take(_places.Gone(silo));
        }
    }

    /// <summary>Notes that a pull must be done before this gateway is in touch again; null when it need not.</summary>
    public TaskCompletionSource? Owe()
    {
        if (!_contact.Owe())
        {
            return null;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = done.Task.ContinueWith(_ => _contact.Paid(), TaskScheduler.Default);
        return done;
    }

    private void Look(CancellationToken stopping)
    {
        var now = Now;
        if (!InTouch && !_saidSo)
        {
            _saidSo = true;
            _logger.LogWarning("No news from the silos for {Seconds:0.0} s: this gateway is not ready until it has caught up.", Age.TotalSeconds);
        }

        if (!_askingMembers)
        {
            _askingMembers = true;
            _ = AskMembers(stopping);
        }

        foreach (var silo in _silos.Due(now, _options.NewsPeriod))
        {
            _ = AskSilo(silo, stopping);
        }

        var silent = _silos.Silent(now);
        if (_tried is not { } tried || now - tried >= _options.NewsPeriod)
        {
            _tried = now;
            foreach (var one in silent.Select(silo => _places.OneOn(silo, Random.Shared.NextDouble())).OfType<ServiceId>())
            {
                _reader.Doubted(one);
            }
        }

        if (_contact.Return(now, _silos.InTouchAt, _silos.CaughtUp))
        {
            _saidSo = false;
            _logger.LogInformation("The silos answer again, and what had changed is known.");
        }
    }

    private async Task AskMembers(CancellationToken stopping)
    {
        var asked = Now;
        try
        {
            var members = await _source.ReadMembers().WaitAsync(_options.NewsTimeout, _time, stopping);
            foreach (var gone in _silos.Update(members, asked))
            {
                var left = _places.Gone(gone);
                _logger.LogInformation("Silo {Silo} is no member any more; {Services} services that lived on it are called elsewhere.", gone, left.LeftServices.Count);
                Take(left);
            }
        }
        catch (Exception) when (!stopping.IsCancellationRequested)
        {
            // Nobody to ask: the silos known so far are asked on, and the clock says when this has lasted too long.
            NewsMetrics.Failed("members");
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
        finally
        {
            _askingMembers = false;
        }
    }

    private async Task AskSilo(string silo, CancellationToken stopping)
    {
        var (asked, answered) = (Now, false);
        try
        {
            while (await _source.ReadNews(silo, new() { Since = _silos.Mark(silo), Limit = _options.NewsPage }).WaitAsync(_options.NewsTimeout, _time, stopping) is { } page
                && _silos.Read(silo, page.Next))
            {
                Take(_places.Take(silo, page));
                if (!page.More)
                {
                    answered = true;
                    break;
                }
            }
        }
        catch (Exception) when (!stopping.IsCancellationRequested)
        {
            NewsMetrics.Failed("news");
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }

        if (!_silos.Knows(silo))
        {
            // It was taken from the list while it was read.
            Take(_places.Gone(silo));
        }
        else if (_silos.Asked(silo, asked, answered))
        {
            foreach (var service in _places.On(silo))
            {
                _reader.Doubted(service);
            }
        }
    }

    private void Take(PlaceNews news)
    {
        news.Services.ForEach(_reader.Seen);
        news.Shards.ForEach(_reader.Seen);
        news.LeftShards.ForEach(_reader.Orphaned);

        // In no order, so that not all gateways call the same ones first.
        var left = news.LeftServices.ToArray();
        Random.Shared.Shuffle(left);
        Array.ForEach(left, _reader.Orphaned);
    }
}
