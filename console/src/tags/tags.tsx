/** The tags of a desktop: added and taken away one by one. */
import { Button, Card, Input, Tag } from 'antd';
import { type FormEvent, useState } from 'react';
import { type Desktop, useWrite } from '../api.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';

const LONGEST = 128;

export function Tags({ desktop }: { readonly desktop: Desktop }) {
  const say = useText();
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const write = useWrite(() => {
    setKey('');
    setValue('');
  });
  const resource = { ResourceType: 'ALIYUN::GWS::INSTANCE', 'ResourceId.1': desktop.DesktopId };
  const add = (event: FormEvent) => {
    event.preventDefault();
    const parameters = { ...resource, 'Tag.1.Key': key, 'Tag.1.Value': value };
    if (key !== '') write.mutate({ action: 'TagResources', parameters });
  };
  return (
    <section aria-label={say('tags')}>
      <Card title={<h2 className="name">{say('tags')}</h2>}>
        <div className="stack">
          <div className="row">
            {desktop.Tags.length === 0 ? <span>{say('noTags')}</span> : null}
            {desktop.Tags.map((tag) => (
              <Tag key={tag.Key} className="tag">
                {tag.Key}
                {tag.Value === '' ? '' : ` = ${tag.Value}`}
                <Button
                  type="text"
                  size="small"
                  aria-label={say('removeTag', { name: tag.Key })}
                  onClick={() =>
                    write.mutate({
                      action: 'UntagResources',
                      parameters: { ...resource, 'TagKey.1': tag.Key },
                    })
                  }
                >
                  ×
                </Button>
              </Tag>
            ))}
          </div>
          <form className="row" onSubmit={add}>
            <Input
              className="search"
              maxLength={LONGEST}
              aria-label={say('tagKey')}
              placeholder={say('tagKey')}
              value={key}
              onChange={(event) => setKey(event.target.value)}
            />
            <Input
              className="search"
              maxLength={LONGEST}
              aria-label={say('tagValue')}
              placeholder={say('tagValue')}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
            <Button htmlType="submit" disabled={key === ''} loading={write.isPending}>
              {say('addTag')}
            </Button>
          </form>
          {write.error === null ? null : <Failure error={write.error} />}
        </div>
      </Card>
    </section>
  );
}
